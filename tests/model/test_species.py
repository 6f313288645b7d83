"""Species."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.errors import FormatError, ModelError
from mtui.model.species import Species, count_particles, load_species, safe_names, save_species
from tests.model.samples import decimals, guids, make_species, names, positive, write_species

TEXT = """<?xml version="1.0" encoding="utf-8"?>
<Species>
	<Param Name="GUID" Value="1f2e3d4c-5b6a-4798-8a9b-0c1d2e3f4a5b" />
	<Param Name="MaskAutoThreshold" Value="0.05" />
	<Param Name="GlobalBFactor" Value="-60" />
	<Param Name="GlobalResolution" Value="4.1" />
	<Param Name="TemporalResolutionMovement" Value="2" />
	<Param Name="HelicalTwist" Value="22.5" />
	<Param Name="Symmetry" Value="O" />
	<Param Name="DiameterAngstrom" Value="165" />
	<Param Name="PixelSize" Value="2.5" />
	<Param Name="Name" Value="80S: open" />
	<Param Name="Version" Value="RNDbhRHg" />
	<UsedDataSources />
</Species>"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.species"
    path.write_text(text)
    return path


def test_values_and_defaults(tmp_path: Path) -> None:
    species = load_species(write(tmp_path, TEXT))
    assert (species.name, species.name_safe, species.version) == ("80S: open", "80S:open", "RNDbhRHg")
    assert (species.temporal_movement, species.temporal_rotation) == (2, 1)
    assert (species.diameter_ang, species.box_px, species.symmetry) == (165, 132, "O")
    assert (species.resolution_ang, species.bfactor_ang2) == (Decimal("4.1"), -60)
    assert species.weight_kda == 100


@pytest.mark.parametrize(
    ("diameter", "angpix", "box"),
    [(165, "2.5", 132), (5, "2", 4), (7, "2", 8), (260, "10.0", 52), (130, "1.668", 156)],
)
def test_box_is_even_with_ties_to_even(tmp_path: Path, diameter: int, angpix: str, box: int) -> None:
    species = make_species(tmp_path / "a.species")
    assert replace(species, diameter_ang=diameter, angpix=Decimal(angpix)).box_px == box


def test_safe_names() -> None:
    assert safe_names("80S: open/x") == ("80S:openx", "80Sopenx")


@pytest.mark.parametrize("stem", ["80S:open", "80Sopen", "something"])
def test_data_are_found_by_either_platform_s_name_or_the_only_table(tmp_path: Path, stem: str) -> None:
    (tmp_path / f"{stem}_particles.star").touch()
    species = load_species(write(tmp_path, TEXT))
    assert species.particles_path.name == f"{stem}_particles.star"
    assert species.map_path("half1").name == f"{stem}_half1.mrc"


def test_two_foreign_tables_are_not_guessed_from(tmp_path: Path) -> None:
    for stem in ("a", "b"):
        (tmp_path / f"{stem}_particles.star").touch()
    species = load_species(write(tmp_path, TEXT))
    assert species.particles_path.name == "80S:open_particles.star"
    with pytest.raises(ModelError, match=r"80S:open_particles\.star does not exist") as caught:
        count_particles(species)
    assert "renamed" in caught.value.hint


def test_counting(tmp_path: Path) -> None:
    assert count_particles(write_species(tmp_path)) == 6


def test_what_is_not_understood_survives(tmp_path: Path) -> None:
    species = load_species(write(tmp_path, TEXT))
    save_species(replace(species, version="abcdefgh", previous_version="RNDbhRHg"))
    text = species.path.read_text(encoding="utf-8-sig")
    for kept in (
        '"MaskAutoThreshold" Value="0.05"',
        '"HelicalTwist" Value="22.5"',
        '"Version" Value="abcdefgh"',
    ):
        assert f"<Param Name={kept} />" in text
    assert "EwaldReverse" not in text, "a Param that was not there is left to M's default"


@st.composite
def all_species(draw: st.DrawFn) -> Species:
    name = draw(names.filter(lambda name: safe_names(name)[0] != "" and "/" not in name))
    count = st.integers(1, 9)
    return Species(
        path=Path("set later"),
        guid=draw(guids),
        name=name,
        version=draw(names),
        previous_version=draw(names),
        dont_version=draw(st.booleans()),
        angpix=draw(positive),
        weight_kda=draw(decimals),
        diameter_ang=draw(st.integers(1, 1000)),
        symmetry=draw(st.sampled_from(["C1", "O", "D7", "I"])),
        temporal_movement=draw(count),
        temporal_rotation=draw(count),
        resolution_ang=draw(decimals),
        bfactor_ang2=draw(st.integers(-1000, 1000)),
        data_stem=safe_names(name)[0],
    )


@settings(max_examples=50, deadline=None)
@given(all_species())
def test_saving_and_loading_gives_an_equal_species(
    tmp_path_factory: pytest.TempPathFactory, species: Species
) -> None:
    species = replace(species, path=tmp_path_factory.mktemp("species") / "a.species")
    save_species(species)
    loaded = load_species(species.path)
    assert loaded == species
    save_species(loaded)
    assert load_species(species.path) == species
    assert b"EwaldReverse" in species.path.read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"165"', '"165.0"', "DiameterAngstrom is '165.0': it must be a whole number"),
        ('"165"', '"0"', "DiameterAngstrom is '0': it must be above zero"),
        ('"2.5"', '"-2.5"', "PixelSize is '-2.5': it must be above zero"),
        ('"2.5"', '"2,5"', "PixelSize is '2,5': it has a decimal comma"),
        ('Movement" Value="2"', 'Movement" Value="0"', "TemporalResolutionMovement is '0': there must be"),
        ('"80S: open"', '" "', "Name is ' ': .*cannot be empty"),
        ('Name="Name"', 'Name="name"', "Name is missing"),
        ('"1f2e3d4c', '"', "GUID"),
        ("</Species>", "", "ends too early"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(FormatError, match=f"a.species.*{message}"):
        load_species(write(tmp_path, TEXT.replace(old, new)))
