"""Titles in borders that change.

Textual draws a widget and all in it again for another title. Here only the border's row is drawn, which takes
Textual's own attributes; the exact pin of Textual and the tests of bytes guard that.
"""

from __future__ import annotations

from textual.geometry import Region
from textual.widget import Widget


def set_title(widget: Widget, title: str) -> None:
    """Change a border title, if it is another."""
    if str(widget.border_title or "") != title:
        widget._border_title = widget.render_str(title)
        _refresh_row(widget, 0)


def set_subtitle(widget: Widget, subtitle: str) -> None:
    """The same for the text in the lower border."""
    if str(widget.border_subtitle or "") != subtitle:
        widget._border_subtitle = widget.render_str(subtitle) if subtitle else None
        _refresh_row(widget, widget.outer_size.height - 1)


def _refresh_row(widget: Widget, row: int) -> None:
    """Draw one row of a widget, counted from its outer edge; Textual counts from that of its content."""
    widget.refresh(Region(0, row, widget.outer_size.width, 1).translate(-widget.content_offset))
