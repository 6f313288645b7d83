"""M's XML."""

from __future__ import annotations

import codecs
from decimal import Decimal
from pathlib import Path

import pytest

from mtui.errors import FormatError
from mtui.formats.xml import attributes_of, params_of, parse_xml, read_xml, set_param, write_xml, xml_bytes

TEXT = '<?xml version="1.0" encoding="{}"?>\n<A Name="x ä"><Param Name="P" Value="1.50" /></A>'


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(TEXT.format("utf-8").encode(), id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + TEXT.format("utf-8").encode(), id="utf-8 with mark"),
        pytest.param(codecs.BOM_UTF16_LE + TEXT.format("utf-16").encode("utf-16-le"), id="utf-16 LE"),
        pytest.param(codecs.BOM_UTF16_BE + TEXT.format("utf-16").encode("utf-16-be"), id="utf-16 BE"),
        pytest.param(TEXT.format("utf-8").replace("\n", "\r\n").encode(), id="CRLF"),
    ],
)
def test_every_encoding_that_m_ever_wrote(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(data)
    root = read_xml(path, "A")
    assert root.get("Name") == "x ä"
    assert params_of(path, root).decimal("P") == Decimal("1.50")


def test_layout_is_m_s(tmp_path: Path) -> None:
    root = parse_xml(b'<A><B><C X="1"/></B><L>1\n2</L></A>', tmp_path, "A")
    assert xml_bytes(root) == (
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n'
        b'<A>\n\t<B>\n\t\t<C X="1" />\n\t</B>\n\t<L>1\n2</L>\n</A>'
    )


def test_written_documents_read_back(tmp_path: Path) -> None:
    root = parse_xml('<A N="&lt;ä&amp;&quot;"><L>a&amp;b</L></A>'.encode(), tmp_path, "A")
    write_xml(tmp_path / "a.xml", root)
    again = read_xml(tmp_path / "a.xml", "A")
    assert again.get("N") == '<ä&"'
    assert again.findtext("L") == "a&b"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<A>\n<B>\n</B>\n", r"a\.xml, line 4, .*ends too early"),
        (b"<A>\n<B></C>\n</A>", r"a\.xml, line 2, .*not well-formed"),
        (b"<A><B></C></A>", r"a\.xml, line 1, .*not well-formed"),
        (b"<A><B X=", r"a\.xml, line 1, .*ends too early"),
        (b"", r"a\.xml, line 1, .*ends too early"),
        (b"<B />", "holds <B>, not <A>"),
        (b'<?xml version="1.0" encoding="klingon"?><A />', "encoding"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=message) as caught:
        read_xml(path, "A")
    assert caught.value.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.xml does not exist"):
        read_xml(tmp_path / "gone.xml", "A")


PARAMS = b"""<CTF>
    <Param Name="Decimal" Value="0.0252866887649325" /><Param Name="Int" Value="12" />
    <Param Name="Bool" Value="true" /><Param Name="Vector" Value="1, 2.5" />
    <Param Name="Empty" Value="" /><Param Name="Comma" Value="1,5" /><Param Name="Point" Value="1.0" />
    <Param Name="Yes" Value="yes" /><Param Name="Int" Value="99" />
</CTF>"""


def test_params_by_type() -> None:
    params = params_of(Path("a.xml"), parse_xml(PARAMS, Path("a.xml"), "CTF"))
    assert params.decimal("Decimal") == Decimal("0.0252866887649325")
    assert params.integer("Int") == 12, "the first of a name counts"
    assert params.boolean("Bool") is True
    assert params.numbers("Vector", (0.0, 0.0)) == (1.0, 2.5)
    assert params.text("Empty", "default") == ""
    assert params.decimal("Empty", Decimal(7)) == 7
    assert params.integer("Absent", 3) == 3


@pytest.mark.parametrize(
    ("getter", "name", "message"),
    [
        ("decimal", "Comma", "Param of <CTF> Comma is '1,5': it has a decimal comma"),
        ("integer", "Point", "Param of <CTF> Point is '1.0': it must be a whole number"),
        ("boolean", "Yes", "it must be True or False"),
        ("decimal", "Absent", "Param of <CTF> Absent is missing"),
        ("text", "Absent", "is missing"),
        ("number", "Empty", "is missing or empty"),
    ],
)
def test_params_are_strict(getter: str, name: str, message: str) -> None:
    params = params_of(Path("a.xml"), parse_xml(PARAMS, Path("a.xml"), "CTF"))
    with pytest.raises(FormatError, match=f"^a.xml: .*{message}"):
        getattr(params, getter)(name)


def test_a_vector_must_have_its_length() -> None:
    root = parse_xml(b'<A V="1, 2, 3" />', Path("a.xml"), "A")
    with pytest.raises(FormatError, match="attribute of <A> V is '1, 2, 3': it must be 2 numbers"):
        attributes_of(Path("a.xml"), root).numbers("V", (0.0, 0.0))


def test_setting_a_param_keeps_all_others() -> None:
    root = parse_xml(PARAMS.replace(b"</CTF>", b"<Other /></CTF>"), Path("a.xml"), "CTF")
    names = [param.get("Name") for param in root.findall("Param")]
    set_param(root, "Comma", "2.5")
    set_param(root, "New", "1")
    assert [param.get("Name") for param in root.findall("Param")] == [*names, "New"]
    assert params_of(Path("a.xml"), root).text("Comma") == "2.5"
    assert root[-1].tag == "Other"
