"""Deformation grids in Warp's XML: nodes with a place and a value."""

from __future__ import annotations

import itertools
import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.numbers import number_text
from mtui.formats.xml import attributes_of

_CUBIC_SIZES = ("Depth", "Height", "Width")
_LINEAR_SIZES = ("Duration", "Depth", "Height", "Width")
_FIX = "Restore the file, or write it again with Warp or M."


@dataclass(frozen=True, slots=True, eq=False)
class CubicNodes:
    """A grid over x, y and z (which is the tilt for most grids)."""

    values: NDArray[np.float64]
    """``(z, y, x)``"""
    margins: tuple[float, float, float]
    """Fraction of the range before the first and after the last node, x, y, z."""


def read_cubic(path: Path, element: ET.Element) -> CubicNodes:
    """Nodes of a `CubicGrid` element; one without any node is 0 everywhere, as in M.

    Raises:
        FormatError: a size, place or value that is not a number, a node outside of the grid or given twice,
            or some nodes missing (M would take them as 0).
    """
    attributes = attributes_of(path, element)
    margins = tuple(attributes.number(f"Margin{axis}", 0.0) for axis in "XYZ")
    values = _read_nodes(path, element, _CUBIC_SIZES, "ZYX")
    return CubicNodes(values, (margins[0], margins[1], margins[2]))


def read_linear(path: Path, element: ET.Element) -> NDArray[np.float64]:
    """Nodes ``(w, z, y, x)`` of a `LinearGrid4D` element; raises as `read_cubic`."""
    return _read_nodes(path, element, _LINEAR_SIZES, "WZYX")


def cubic_element(
    tag: str, values: NDArray[np.float64], margins: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> ET.Element:
    """Element of a grid ``(z, y, x)``."""
    element = ET.Element(tag, _size_attributes(_CUBIC_SIZES, values))
    for axis, margin in zip("XYZ", margins, strict=True):
        element.set(f"Margin{axis}", number_text(margin))
    _add_nodes(element, "ZYX", values)
    return element


def linear_element(tag: str, values: NDArray[np.float64]) -> ET.Element:
    """Element of a grid ``(w, z, y, x)``."""
    element = ET.Element(tag, _size_attributes(_LINEAR_SIZES, values))
    _add_nodes(element, "WZYX", values)
    return element


def _read_nodes(path: Path, element: ET.Element, sizes: tuple[str, ...], axes: str) -> NDArray[np.float64]:
    attributes = attributes_of(path, element)
    shape = tuple(attributes.integer(name, 1) for name in sizes)
    if min(shape) < 1:
        raise FormatError(f"{path}: <{element.tag}> has a size below 1.", _FIX)
    nodes = element.findall("Node")
    values = np.zeros(math.prod(shape))
    if not nodes:
        return values.reshape(shape)
    places = np.ravel_multi_index(_places(path, element, nodes, axes, shape), shape)
    if len(nodes) != len(values) or len(np.unique(places)) != len(values):
        raise FormatError(
            f"{path}: <{element.tag}> has {len(nodes)} nodes, {len(np.unique(places))} of them different, "
            f"where its size asks for {len(values)}.",
            _FIX,
        )
    values[places] = _node_values(path, nodes)
    return values.reshape(shape)


def _places(
    path: Path, element: ET.Element, nodes: list[ET.Element], axes: str, shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], ...]:
    """Index of each node along each axis of ``shape``; a missing attribute is 0, as in M."""
    places = []
    for axis, size in zip(axes, shape, strict=True):
        texts = [node.get(axis, "0") for node in nodes]
        wrong = next((text for text in texts if not text.isdecimal() or int(text) >= size), None)
        if wrong is not None:
            raise FormatError(
                f"{path}: a node of <{element.tag}> has {axis}={wrong!r}; it must be from 0 to {size - 1}.",
                _FIX,
            )
        places.append(np.array(texts, np.int64))
    return tuple(places)


def _node_values(path: Path, nodes: list[ET.Element]) -> NDArray[np.float64]:
    # One getter for each node: a grid of thousands takes milliseconds, and the first bad value is named.
    return np.array([attributes_of(path, node).number("Value") for node in nodes], np.float64)


def _size_attributes(names: tuple[str, ...], values: NDArray[np.float64]) -> dict[str, str]:
    return dict(zip(reversed(names), map(str, reversed(values.shape)), strict=True))


def _add_nodes(element: ET.Element, axes: str, values: NDArray[np.float64]) -> None:
    for place in itertools.product(*map(range, values.shape)):
        attributes = dict(zip(reversed(axes), map(str, reversed(place)), strict=True))
        ET.SubElement(element, "Node", attributes | {"Value": number_text(float(values[place]))})
