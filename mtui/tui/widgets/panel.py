"""Titles in borders that change."""

from __future__ import annotations

from textual.widget import Widget


def set_title(widget: Widget, title: str) -> None:
    """Change a border title, which draws the widget and all in it again, only if it is another."""
    if str(widget.border_title or "") != title:
        widget.border_title = title


def set_subtitle(widget: Widget, subtitle: str) -> None:
    """The same for the text in the lower border."""
    if str(widget.border_subtitle or "") != subtitle:
        widget.border_subtitle = subtitle
