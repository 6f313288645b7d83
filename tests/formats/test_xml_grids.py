"""Grids in XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mtui.errors import FormatError
from mtui.formats.xml_grids import cubic_element, linear_element, read_cubic, read_linear

PATH = Path("a.xml")
finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, array_shapes(min_dims=3, max_dims=3, max_side=4), elements=finite))
def test_cubic_grids_round_trip(values: np.ndarray[tuple[int, int, int], np.dtype[np.float64]]) -> None:
    nodes = read_cubic(PATH, cubic_element("G", values, (0.0, 0.125, 0.1)))
    np.testing.assert_array_equal(nodes.values, values)
    assert nodes.margins == (0.0, 0.125, 0.1)


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, array_shapes(min_dims=4, max_dims=4, max_side=3), elements=finite))
def test_linear_grids_round_trip(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    np.testing.assert_array_equal(read_linear(PATH, linear_element("G", values)), values)


def test_x_is_fastest_and_nodes_say_their_place() -> None:
    element = cubic_element("G", np.arange(6.0).reshape(1, 3, 2))
    assert element.attrib == {
        "Width": "2", "Height": "3", "Depth": "1", "MarginX": "0", "MarginY": "0", "MarginZ": "0",
    }  # fmt: skip
    assert element[1].attrib == {"X": "1", "Y": "0", "Z": "0", "Value": "1"}
    element[:] = reversed(element[:])
    np.testing.assert_array_equal(read_cubic(PATH, element).values, np.arange(6.0).reshape(1, 3, 2))


def test_a_grid_without_nodes_is_zero() -> None:
    element = ET.fromstring('<G Width="2" Height="1" Depth="3" />')
    np.testing.assert_array_equal(read_cubic(PATH, element).values, np.zeros((3, 1, 2)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '<G Width="2"><Node X="0" Value="1" /></G>',
            "<G> has 1 nodes, 1 of them different, where its size asks for 2",
        ),
        ('<G Width="2"><Node X="1" Value="1" /><Node X="1" Value="1" /></G>', "2 nodes, 1 of them different"),
        ('<G><Node X="1" Value="1" /></G>', "X='1'; it must be from 0 to 0"),
        ('<G><Node X="-1" Value="1" /></G>', "X='-1'"),
        ('<G><Node X="0" Value="1,5" /></G>', "attribute of <Node> Value is '1,5': it has a decimal comma"),
        ('<G><Node X="0" /></G>', "attribute of <Node> Value is missing"),
        ('<G Width="1.0" />', "attribute of <G> Width is '1.0'"),
        ('<G Width="0" />', "size below 1"),
    ],
)
def test_broken_grids_are_refused(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_cubic(PATH, ET.fromstring(text))
