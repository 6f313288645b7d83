"""Populations."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.errors import FormatError, InputError, ModelError
from mtui.model.population import BrokenEntry, Population, load_population, save_population
from mtui.model.source import SourceFile, load_source, save_source
from mtui.model.species import load_species, save_species
from tests.model.samples import (
    GUID,
    OTHER_GUID,
    file_names,
    guids,
    make_source,
    make_species,
    names,
    write_species,
)

THIRD_GUID = "33333333-5b6a-4798-8a9b-0c1d2e3f4a5b"


def write(folder: Path) -> Path:
    """A population of one species and one source, as M writes it."""
    write_species(folder / "species" / "apoF_1f2e3d4c")
    (folder / "series").mkdir()
    save_source(make_source(folder / "series" / "ts.source"))
    path = folder / "a.population"
    path.write_text(
        f"""<Population>
    <Param Name="Name" Value="demo" />
    <Param Name="Later" Value="kept" />
    <Species><Species GUID="{GUID}" Path="species/apoF_1f2e3d4c/any name.species" /></Species>
    <Sources><Source GUID="{{{OTHER_GUID.upper()}}}" Path="series/ts.source" /></Sources>
    <LastRefinementOptions><Param Name="NIterations" Value="3" /></LastRefinementOptions>
</Population>"""
    )
    return path


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Every file below a folder with its time."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_values(tmp_path: Path) -> None:
    population = load_population(write(tmp_path))
    assert population.name == "demo"
    assert [species.name for species in population.valid_species] == ["apo F"]
    series = population.series_by_hash()
    assert list(series) == ["hash0", "hash1", "hash2"]
    assert series["hash1"].root == "TS_1"
    assert series["hash1"].xml_path == tmp_path / "series" / "TS_1.xml"
    assert population.shared_series() == ()


def test_loading_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path)
    before = contents(tmp_path)
    load_population(path)
    assert contents(tmp_path) == before
    with pytest.raises(FormatError, match=r"gone\.population does not exist"):
        load_population(tmp_path / "gone.population")
    assert not (tmp_path / "gone.population").exists()


def test_what_is_not_understood_survives(tmp_path: Path) -> None:
    path = write(tmp_path)
    population = load_population(path)
    source = make_source(tmp_path / "more series" / "b.source", THIRD_GUID)
    source.folder.mkdir()
    save_source(source)
    save_population(replace(population, name="new", sources=(*population.sources, source)))
    text = path.read_text(encoding="utf-8-sig")
    assert '<Param Name="Later" Value="kept" />' in text
    assert '<LastRefinementOptions>\n\t\t<Param Name="NIterations" Value="3" />' in text
    assert f'<Source GUID="{THIRD_GUID}" Path="more series/b.source" />' in text, "not percent-encoded"
    again = load_population(path)
    assert again.name == "new"
    assert again.sources[1] == source


@st.composite
def populations(draw: st.DrawFn) -> tuple[str, list[tuple[str, str, str]], list[tuple[str, str]]]:
    species = st.tuples(
        guids, file_names, names.filter(lambda name: name.replace(" ", "").replace("/", "") != "")
    )
    sources = st.tuples(guids, file_names)
    by_guid = (lambda entry: entry[0],)
    return (
        draw(names),
        draw(st.lists(species, max_size=3, unique_by=(*by_guid, lambda entry: entry[1]))),
        draw(st.lists(sources, max_size=3, unique_by=(*by_guid, lambda entry: entry[1]))),
    )


@settings(max_examples=30, deadline=None)
@given(populations())
def test_saving_and_loading_gives_an_equal_population(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[str, list[tuple[str, str, str]], list[tuple[str, str]]],
) -> None:
    folder = tmp_path_factory.mktemp("population")
    name, species, sources = drawn
    for guid, stem, species_name in species:
        (folder / "species" / stem).mkdir(parents=True)
        save_species(make_species(folder / "species" / stem / "a.species", guid, species_name))
    for guid, stem in sources:
        save_source(make_source(folder / f"{stem}.source", guid))
    population = Population(
        path=folder / "a.population",
        name=name,
        species=tuple(load_species(folder / "species" / stem / "a.species") for _, stem, _ in species),
        sources=tuple(load_source(folder / f"{stem}.source") for _, stem in sources),
    )
    save_population(population)
    loaded = load_population(population.path)
    assert loaded == population
    save_population(loaded)
    assert load_population(population.path) == population


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("any name", "renamed", r"lists the species .*renamed\.species, which does not exist"),
        ("series/ts", "series/gone", r"lists the source .*gone\.source, which does not exist"),
        (GUID, THIRD_GUID, f"with the GUID {THIRD_GUID}, but that file says {GUID}"),
        (GUID, "1-2-3", "GUID of species number 1 is '1-2-3', which is not a GUID"),
        (f'GUID="{GUID}" ', "", "species number 1 has no GUID"),
        ('Path="series/ts.source" ', "", "source number 1 has no Path"),
    ],
)
def test_entries_that_do_not_fit_are_refused_or_shown(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = write(tmp_path)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ModelError, match=f"a.population.*{message}") as caught:
        load_population(path)
    assert caught.value.hint
    population = load_population(path, strict=False)
    broken = [entry for entry in (*population.species, *population.sources) if isinstance(entry, BrokenEntry)]
    assert len(broken) == 1
    assert broken[0].error.message == caught.value.message
    assert len(population.valid_species) + len(population.valid_sources) == 1


def test_a_broken_species_is_named_when_it_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path)
    species = tmp_path / "species" / "apoF_1f2e3d4c" / "any name.species"
    species.write_bytes(species.read_bytes()[:-5])
    with pytest.raises(FormatError, match=r"any name\.species.*ends too early"):
        load_population(path)
    population = load_population(path, strict=False)
    with pytest.raises(FormatError, match="ends too early"):
        population.find_species(GUID)
    save_population(population)
    assert 'Path="species/apoF_1f2e3d4c/any name.species"' in path.read_text(encoding="utf-8-sig")


def test_paths_from_m_and_from_windows_are_found(tmp_path: Path) -> None:
    path = write(tmp_path)
    text = path.read_text()
    for spelling in (
        "species%2FapoF_1f2e3d4c/any%20name.species",
        "species\\apoF_1f2e3d4c\\any name.species",
    ):
        path.write_text(text.replace("species/apoF_1f2e3d4c/any name.species", spelling))
        population = load_population(path)
        save_population(population)
        assert 'Path="species/apoF_1f2e3d4c/any name.species"' in path.read_text(encoding="utf-8-sig")
    absolute = (tmp_path / "series" / "ts.source").as_posix()
    path.write_text(text.replace("series/ts.source", absolute))
    save_population(load_population(path))
    assert f'Path="{absolute}"' in path.read_text(encoding="utf-8-sig"), "an absolute path stays one"


def test_species_are_found_by_name_safe_name_and_guid(tmp_path: Path) -> None:
    population = load_population(write(tmp_path))
    for text in ("apo F", "apoF", GUID):
        assert population.find_species(text).guid == GUID
    with pytest.raises(InputError, match=r"has no species 'apof'") as caught:
        population.find_species("apof")
    assert "'apo F'" in caught.value.hint


def test_an_ambiguous_name_is_refused_with_the_list(tmp_path: Path) -> None:
    first = write_species(tmp_path / "a")
    second = write_species(tmp_path / "b", guid=THIRD_GUID)
    population = Population(tmp_path / "a.population", "", (first, second), ())
    with pytest.raises(InputError, match=f"fits 2 species .*{GUID}.*{THIRD_GUID}"):
        population.find_species("apoF")
    assert population.find_species(THIRD_GUID) is second


def test_a_series_in_two_sources_counts_for_the_first(tmp_path: Path) -> None:
    first = make_source(tmp_path / "a.source")
    files = (SourceFile("hash1", "x.tomostar"), SourceFile("h", "y.tomostar"))
    second = make_source(tmp_path / "b.source", THIRD_GUID, files)
    population = Population(tmp_path / "a.population", "", (), (first, second))
    series = population.series_by_hash()
    assert series["hash1"].source is first
    assert series["h"].source is second
    ((counted, passed),) = population.shared_series()
    assert (counted.source, passed.source, passed.name) == (first, second, "x.tomostar")


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from pathlib import Path; from mtui.model.population import load_population; "
        "from mtui.model.species import count_particles; "
        "heavy = {'pandas', 'scipy', 'starfile', 'mrcfile', 'jax', 'tifffile'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.shared
def test_the_real_population(shared: Path) -> None:
    population = load_population(shared / "data" / "empiar10499" / "mpneumoniae.population")
    assert population.name == "M. pneumoniae"
    assert [species.name for species in population.valid_species] == ["ribosome70s", "complex"]
    assert [species.box_px for species in population.valid_species] == [52, 36]
    (source,) = population.valid_sources
    assert source.volume_ang == (6320.0, 6320.0, 2400.0)
