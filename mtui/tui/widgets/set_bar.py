"""Which of the three sets to keep, how many each has, and what comes out."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from mtui.matching.distances import Counts
from mtui.settings import IntersectSettings, options
from mtui.tui.widgets.lines import Lines, line
from mtui.tui.widgets.toggles import Tick

KEEP = options(IntersectSettings)["keep"]
LABELS = {"old": "Only old", "both": "In both", "new": "Only new"}


class SetBar(Vertical):
    """Three ticks with counts, and the result."""

    DEFAULT_CSS = """
    SetBar {
        height: 2;
        & > Horizontal { height: 1; padding-left: 3; }
        & Tick { width: 26; }
        & #keep-old { color: $role-old; }
        & #keep-both { color: $role-both; }
        & #keep-new { color: $role-new; }
        & > Lines { height: 1; }
    }
    """

    def compose(self) -> ComposeResult:
        """Ticks above, result below."""
        with Horizontal():
            for name, label in LABELS.items():
                yield Tick(label, name == "both", option=KEEP, id=f"keep-{name}")
        yield Lines(id="result")

    @property
    def keep(self) -> tuple[str, ...]:
        """The names of the ticked sets, in order."""
        return tuple(name for name, tick in self._ticks() if tick.value)

    def _ticks(self) -> Iterator[tuple[str, Tick]]:
        for name in LABELS:
            yield name, self.query_one(f"#keep-{name}", Tick)

    def show(self, counts: Counts | None) -> None:
        """Show the counts of the three sets and of the result; none while they are not known."""
        for name, tick in self._ticks():
            tick.label = f"{LABELS[name]} {getattr(counts, name):,}" if counts else LABELS[name]
        self.query_one("#result", Lines).set_lines(
            [line(f"    {result_text(counts, self.keep)}" if counts else "")]
        )


def result_text(counts: Counts, keep: tuple[str, ...]) -> str:
    """``12,408 -> 11,204 particles     (-1,204 old, +0 new)``."""
    lost = sum(getattr(counts, name) for name in ("old", "both") if name not in keep)
    gained = counts.new if "new" in keep else 0
    before = counts.old + counts.both
    return f"{before:,} -> {counts.kept(keep):,} particles     (-{lost:,} old, +{gained:,} new)"
