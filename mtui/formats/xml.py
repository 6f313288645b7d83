"""Warp and M's XML: reading by bytes, their Params and attributes, their layout when written."""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from mtui.errors import FormatError
from mtui.formats.files import write_bytes
from mtui.formats.numbers import parse_bool, parse_decimal, parse_float, parse_floats, parse_int

_UTF8_MARK = b"\xef\xbb\xbf"
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'
_ENDED_CODES = (3, 5, 20)
"""Expat's codes for a document, a tag or a section that is not finished."""
_FIX = "Correct the value, or write the file again with M."

T = TypeVar("T")


def read_xml(path: Path, root: str) -> ET.Element:
    """Root element of an XML file in UTF-8, with or without a byte order mark, or UTF-16.

    Raises:
        FormatError: the file is missing or unreadable, is not well-formed (with the line), or its root
            element is not ``root``; M would read any of these as a file of defaults.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FormatError(f"{path} does not exist.", "Check the path.") from error
    except OSError as error:
        raise FormatError(f"{path} could not be read: {error.strerror}.", "Check the path.") from error
    return parse_xml(data, path, root)


def parse_xml(data: bytes, path: Path, root: str) -> ET.Element:
    """Root element of an XML document; ``path`` is named in errors (see :func:`read_xml`)."""
    try:
        element = ET.fromstring(data)
    except ET.ParseError as error:
        line, column = error.position
        problem = "it ends too early" if error.code in _ENDED_CODES else "it is not well-formed XML"
        raise FormatError(
            f"{path}, line {line}, column {column + 1}: {problem} ({error.msg.split(':')[0]}).",
            "The file is truncated or damaged: restore it from a backup or write it again with Warp or M.",
        ) from error
    except (ValueError, LookupError) as error:
        raise FormatError(
            f"{path} has an unknown text encoding ({error}).", "Save it as UTF-8 or UTF-16."
        ) from error
    if element.tag != root:
        raise FormatError(
            f"{path} holds <{element.tag}>, not <{root}>.",
            f"Choose the file that M wrote for its {root}.",
        )
    return element


def xml_bytes(root: ET.Element) -> bytes:
    """A document in M's layout: UTF-8 with byte order mark, tabs, no line end after the last tag."""
    laid_out = copy.deepcopy(root)
    ET.indent(laid_out, space="\t")
    laid_out.tail = None
    return _UTF8_MARK + _DECLARATION + ET.tostring(laid_out, encoding="unicode").encode("utf-8")


def write_xml(path: Path, root: ET.Element) -> None:
    """Write a document in M's layout, atomically; raises WriteError."""
    write_bytes(path, xml_bytes(root))


@dataclass(frozen=True, slots=True)
class Values:
    """Named texts of one element, read strictly by type.

    A getter without ``default`` demands the value. As in M, an empty text means the default, except for
    strings. What M would silently replace by a default raises FormatError instead.
    """

    path: Path
    place: str
    """What the names are, for messages: ``Param of <CTF>``, ``attribute of <TiltSeries>``."""
    texts: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        """The text as it is."""
        found = self.texts.get(name, default)
        if found is None:
            raise self._missing(name)
        return found

    def decimal(self, name: str, default: Decimal | None = None) -> Decimal:
        """A plain decimal, trailing zeros kept."""
        return self._parsed(name, parse_decimal, default)

    def number(self, name: str, default: float | None = None) -> float:
        """A floating-point number."""
        return self._parsed(name, parse_float, default)

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        return self._parsed(name, parse_int, default)

    def boolean(self, name: str, default: bool | None = None) -> bool:
        """``True`` or ``False``."""
        return self._parsed(name, parse_bool, default)

    def numbers(self, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """Comma-separated numbers, as many as ``default`` has."""
        found = self._parsed(name, parse_floats, default)
        if len(found) != len(default):
            raise self.error(name, f"it must be {len(default)} numbers")
        return found

    def error(self, name: str, reason: str) -> FormatError:
        """A complaint about one value."""
        value = self.texts.get(name, "")
        return FormatError(f"{self.path}: {self.place} {name} is {value!r}: {reason}.", _FIX)

    def _parsed(self, name: str, parse: Callable[[str], T], default: T | None) -> T:
        text = self.texts.get(name, "")
        if not text.strip():
            if default is None:
                raise self._missing(name)
            return default
        try:
            return parse(text)
        except ValueError as error:
            raise self.error(name, str(error)) from error

    def _missing(self, name: str) -> FormatError:
        return FormatError(f"{self.path}: {self.place} {name} is missing or empty.", _FIX)


def params_of(path: Path, element: ET.Element) -> Values:
    """The direct ``<Param Name= Value= />`` children; the first of a name counts, as in M."""
    texts: dict[str, str] = {}
    for param in element.iterfind("Param"):
        texts.setdefault(param.get("Name", ""), param.get("Value", ""))
    return Values(path, f"Param of <{element.tag}>", texts)


def attributes_of(path: Path, element: ET.Element) -> Values:
    """The attributes of an element."""
    return Values(path, f"attribute of <{element.tag}>", element.attrib)


def set_param(element: ET.Element, name: str, text: str) -> None:
    """Set a Param's value in place; a new one goes after the last Param. All others stay as they are."""
    params = element.findall("Param")
    for param in params:
        if param.get("Name") == name:
            param.set("Value", text)
            return
    position = list(element).index(params[-1]) + 1 if params else 0
    element.insert(position, ET.Element("Param", {"Name": name, "Value": text}))


def ensure_child(element: ET.Element, tag: str) -> ET.Element:
    """The first direct child of that name, appended where there is none."""
    child = element.find(tag)
    return ET.SubElement(element, tag) if child is None else child
