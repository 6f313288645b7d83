"""The histogram of the distances, and what its glyphs stand for."""

from __future__ import annotations

from textual.events import Resize
from textual.timer import Timer

from mtui.tui.comparison import Comparison
from mtui.tui.widgets.lines import Line, Lines, line

SETTLE_S = 0.3
"""How long the tolerance rests before the bars follow it."""
NEAR_ENOUGH = 2.0
"""By this factor the end of the axis may differ from where it would be put now."""


class Histogram(Lines):
    """Redraws itself for a comparison, a tolerance and a size."""

    def __init__(self, *, ascii_only: bool, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ascii_only = ascii_only
        self._comparison: Comparison | None = None
        self._tolerance_ang = 0.0
        self.zoomed = False
        self._near_end_ang = 0.0
        self._following: Timer | None = None

    def show(self, comparison: Comparison | None, tolerance_ang: float) -> None:
        """Draw, or with None say nothing; bars follow the tolerance when it rests, numbers do at once."""
        if comparison is None:
            self._near_end_ang = 0.0
        only_moved = comparison is not None and comparison is self._comparison
        self._comparison, self._tolerance_ang = comparison, tolerance_ang
        if self._following is not None:
            self._following.stop()
        if only_moved:
            self._following = self.set_timer(SETTLE_S, self._draw)
        else:
            self._draw()

    def toggle_zoom(self) -> None:
        """Let the axis end at some tolerances instead of the largest distance, and back."""
        self.zoomed, self._near_end_ang = not self.zoomed, 0.0
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Use the space there is."""
        self._draw()

    def _draw(self) -> None:
        comparison, columns, rows = self._comparison, self.size.width - 2, self.size.height - 2
        if comparison is None or columns < 20 or rows < 1:
            self.set_lines([])
            return
        from mtui.tui.widgets.plots import Bars, histogram_lines

        largest = self._end_of_axis(comparison)
        counts = comparison.histogram(columns, largest).tolist()
        bars = Bars(counts, largest, self._tolerance_ang)
        drawn = histogram_lines(bars, rows, ascii_only=self._ascii_only)
        self.set_lines([*(((" ", "plain"), *spans) for spans in drawn), self._legend(comparison)])

    def _end_of_axis(self, comparison: Comparison) -> float:
        """The end near the tolerance stays while it fits, so that a key moves the mark and not all bars."""
        if not self.zoomed:
            return comparison.largest_ang
        wanted = comparison.zoomed_end_ang(self._tolerance_ang)
        if not wanted / NEAR_ENOUGH <= self._near_end_ang <= wanted * NEAR_ENOUGH:
            self._near_end_ang = wanted
        return self._near_end_ang

    def _legend(self, comparison: Comparison) -> Line:
        counts = comparison.counts(self._tolerance_ang)
        pairs = len(comparison.distances_ang)
        inside, outside = ("#", ".") if self._ascii_only else ("█", "░")
        alone = comparison.n_new - pairs
        return (
            (f" {inside} within tolerance {counts.both:,}", "both"),
            (f"     {outside} beyond tolerance {pairs - counts.both:,}", "outside"),
            (f"     {alone:,} new without partner", "quiet"),
        )


def waiting_line(seconds: int) -> Line:
    """That matching runs, and from two seconds on for how long."""
    return line(f" matching... {seconds} s" if seconds >= 2 else " matching...", "quiet")
