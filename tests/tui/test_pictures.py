"""Pictures and curves as text."""

from __future__ import annotations

import numpy as np

from mtui.tui.terminal import Terminal
from mtui.tui.widgets.lines import text_of
from mtui.tui.widgets.pictures import picture_lines, resample
from mtui.tui.widgets.plots import Bars, Curve, curve_lines, histogram_lines
from tests.tui.conftest import COLOURS, PLAIN

SIXTEEN = Terminal(over_ssh=False, colours="16", ascii_only=False)


def test_resampling_keeps_the_mean_and_flat_pictures() -> None:
    picture = np.random.default_rng(1).uniform(0, 255, (30, 20))
    for shape in ((15, 10), (7, 13), (30, 20), (61, 45)):
        smaller = resample(picture, *shape)
        assert smaller.shape == shape
        np.testing.assert_allclose(smaller.mean(), picture.mean())
    np.testing.assert_allclose(resample(np.full((5, 9), 7.0), 4, 11), 7)
    np.testing.assert_allclose(resample(picture, 30, 20), picture)


def test_two_pixels_share_a_cell_where_there_are_colours() -> None:
    picture = np.array([[0.0, 255.0], [255.0, 255.0]])
    (cells,) = picture_lines(picture, 2, 1, COLOURS)
    (upper, mixed), (same, white) = cells
    assert (upper, same) == ("▀", " ")
    assert not isinstance(mixed, str) and not isinstance(white, str)
    assert mixed.color is not None and mixed.bgcolor is not None and white.bgcolor is not None
    assert (mixed.color.number, mixed.bgcolor.number, white.bgcolor.number) == (232, 255, 255)


def test_equal_cells_are_one_span() -> None:
    (cells,) = picture_lines(np.zeros((2, 40)), 40, 1, COLOURS)
    assert [text for text, _ in cells] == [" " * 40]


def test_without_colours_brightness_is_a_character() -> None:
    picture = np.broadcast_to(np.linspace(0, 255, 10), (2, 10))
    assert [text_of(line) for line in picture_lines(picture, 10, 1, PLAIN)] == [" .:-=+*#%@"]
    assert text_of(picture_lines(picture, 10, 1, SIXTEEN)[0]) == "  ░░▒▒▓▓██"


def test_a_curve_stands_before_another_and_the_threshold_behind_both() -> None:
    falling, lower = np.linspace(1, 0, 17).tolist(), np.linspace(0.5, 0, 17).tolist()
    lines = curve_lines([Curve(falling, "both", "*"), Curve(lower, "quiet", "o")], (40, 12), 160.0, True)
    assert len(lines) == 12
    assert text_of(lines[0]).startswith("    1|*")
    assert text_of(lines[-1]).rstrip().endswith("10.0 Å") and "40.0 Å" in text_of(lines[-1])
    assert any(text_of(line).startswith("0.143|..") for line in lines)
    assert "o" in text_of(lines[6]) and "*" in text_of(lines[6])
    assert text_of(lines[0]).isascii()
    tones = {tone for line in lines for _, tone in line}
    assert tones == {"both", "quiet"}


def test_each_bar_of_the_histogram_fills_its_own_column() -> None:
    counts = [0, 3, 0, 3, 3, 0, 3, 0, 0, 3]
    lines = histogram_lines(Bars(counts, 10.0, 4.0), 4, ascii_only=True)
    assert text_of(lines[3]) == " # #| .  ."
