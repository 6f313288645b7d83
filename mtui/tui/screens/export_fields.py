"""The fields of the export form, made from the declaration of the settings, and read back into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from textual.containers import Horizontal, Vertical
from textual.dom import DOMNode
from textual.widget import Widget
from textual.widgets import Static

from mtui.model.population import Population
from mtui.model.species import Species
from mtui.settings import ExportSettings, options
from mtui.tui.planning import Extent
from mtui.tui.widgets.fields import NumberField, NumbersField
from mtui.tui.widgets.lines import Lines, line
from mtui.tui.widgets.path_field import PathField
from mtui.tui.widgets.toggles import Radio, Tick

OPTIONS = options(ExportSettings)
KINDS = {"volumes": "Volumes", "series": "Image series"}
TICKS = ("invert", "normalize_output", "normalize_input", "sparse_ctf")
"""The ticks on images and volumes, row by row."""
IMAGES_BESIDE_SERIES = "source"
"""The images folder that stands for where M puts them."""
FIRST_TILTS_UNTIL_KNOWN = 1
TILTS_NOTE_COLUMNS = 48


def compose_output(species: Species, path: Path) -> Iterator[Widget]:
    """Scale, box, diameter, kind, path."""
    with Horizontal(classes="row"):
        angpix = NumberField("angpix", OPTIONS["angpix"], angpix_text(species), width=10, label_width=11)
        angpix.note = _own_pixel(species)
        yield angpix
        yield NumberField("box", OPTIONS["box"], str(species.box_px), width=7, label_width=4, integer=True)
    with Horizontal(classes="row"):
        diameter = str(species.diameter_ang)
        yield NumberField("diameter", OPTIONS["diameter"], diameter, width=10, label_width=11, integer=True)
        yield Lines(id="box-note")
    with Horizontal(classes="row"):
        yield Static(f" {OPTIONS['output_kind'].label:<11}", classes="label", markup=False)
        yield from _kinds()
    yield PathField("output", OPTIONS["output"], str(path), label_width=11)


def angpix_text(species: Species) -> str:
    """The species' pixel size with at least four decimals, and with all that it has."""
    return (
        f"{species.angpix.normalize():f}" if species.angpix % Decimal("0.0001") else f"{species.angpix:.4f}"
    )


def _own_pixel(species: Species) -> str:
    return f"   of {angpix_text(species)}"


def _kinds() -> Iterator[Radio]:
    option = OPTIONS["output_kind"]
    for choice, label in KINDS.items():
        is_default = choice == option.choices[0]
        yield Radio(label, is_default, group="output-kind", choice=choice, option=option, id=choice)


def compose_particles() -> Iterator[Widget]:
    """Shift, pre-rotation, limit of tilts."""
    shift = OPTIONS["shift"]
    with Horizontal(classes="row"):
        yield Tick(shift.label, option=shift, id="shift")
        for axis in "xyz":
            part = replace(shift, label=f"Shift by {axis}", unit="Å" if axis == "z" else "", step=1)
            yield NumberField(f"shift_{axis}", part, "0", width=7, label=f"   {axis}")
    yield Tick(OPTIONS["prerotate"].label, option=OPTIONS["prerotate"], id="prerotate")
    with Horizontal(classes="row"):
        limit = OPTIONS["first_tilts"]
        yield Tick(limit.label, option=limit, id="limit")
        first = str(FIRST_TILTS_UNTIL_KNOWN)
        field = NumberField("first_tilts", limit, first, width=6, label="", integer=True)
        field.note_columns = TILTS_NOTE_COLUMNS
        yield field


def compose_images() -> Iterator[Widget]:
    """Contrast and normalisation."""
    with Vertical(id="ticks"):
        for name in TICKS:
            option = OPTIONS[name]
            yield Tick(option.label, option.kind == "off", option=option, id=name.replace("_", "-"))


def compose_run() -> Iterator[Widget]:
    """Devices, places, files in the way."""
    with Horizontal(classes="row"):
        yield NumbersField("gpus", OPTIONS["gpus"], width=10, label_width=11)
        yield Lines(id="more-note")
    with Horizontal(classes="row"):
        beside = "Images beside each series, as M"
        yield Tick(beside, option=OPTIONS["images_dir"], id="images-beside")
        yield Tick("Replace files of another export", option=OPTIONS["overwrite"], id="overwrite")


def apply_dependencies(form: DOMNode, species: Species) -> None:
    """Grey what does not apply, and show the box in angstroms."""
    for axis in "xyz":
        _number_field(form, f"shift-{axis}").disabled = not _is_on(form, "shift")
    in_series = _kind(form) == "series"
    prerotate = "always on for image series" if in_series else ""
    form.query_one("#prerotate", Tick).set_reason(prerotate, forced=True)
    for name in ("normalize-output", "sparse-ctf"):
        form.query_one(f"#{name}", Tick).set_reason("volumes only" if in_series else "")
    _number_field(form, "first-tilts").disabled = not _is_on(form, "limit")
    form.query_one("#box-note", Lines).set_lines([line(_box_note(form), "quiet")])


def _box_note(form: DOMNode) -> str:
    box, angpix, diameter = (_number_field(form, name).number for name in ("box", "angpix", "diameter"))
    if box is None or angpix is None or not diameter:
        return ""
    return f"   Box is {box * angpix:.5g} Å, {box * angpix / diameter:.1f} x diameter"


def show_extent(form: DOMNode, extent: Extent) -> None:
    """Say how many tilts there are; until a number is chosen, the limit changes nothing."""
    if extent.tilts is None:
        return
    fewest, most = extent.tilts
    field = _number_field(form, "first-tilts")
    span = f"{most}" if fewest == most else f"{fewest} to {most}"
    field.set_note(f"by dose        series have {span} tilts")
    if field.text == str(FIRST_TILTS_UNTIL_KNOWN):
        with field.prevent(NumberField.Edited):
            field.text = str(most)


def read_export(form: DOMNode, population: Population, species: Species) -> ExportSettings:
    """The settings that the fields say; they have no problem."""
    return ExportSettings(
        population=population.path,
        species=species_text(population, species),
        output=_path(form, "output"),
        angpix=_number_field(form, "angpix").number,
        box=_whole(form, "box"),
        diameter=_whole(form, "diameter"),
        output_kind=_kind(form),
        shift=_shift(form) if _is_on(form, "shift") else None,
        prerotate=_is_on(form, "prerotate"),
        first_tilts=_whole(form, "first-tilts") if _is_on(form, "limit") else None,
        invert=_is_on(form, "invert"),
        normalize_input=_is_on(form, "normalize-input"),
        normalize_output=_is_on(form, "normalize-output"),
        sparse_ctf=_is_on(form, "sparse-ctf"),
        gpus=form.query_one("#field-gpus", NumbersField).numbers,
        images_dir=IMAGES_BESIDE_SERIES if _is_on(form, "images-beside") else None,
        overwrite=_is_on(form, "overwrite"),
    )


def species_text(population: Population, species: Species) -> str:
    """The species' name if it names only this one, else its GUID."""
    alike = [entry for entry in population.valid_species if species.name in (entry.name, entry.name_safe)]
    return species.name if len(alike) == 1 else species.guid


def _kind(form: DOMNode) -> str:
    return next(radio.choice for radio in form.query(Radio) if radio.value)


def _is_on(form: DOMNode, name: str) -> bool:
    """Whether a tick is set; one that does not apply counts as its default."""
    tick = form.query_one(f"#{name}", Tick)
    return tick.value if not tick.disabled else tick.option is not None and tick.option.kind == "off"


def _number_field(form: DOMNode, name: str) -> NumberField:
    return form.query_one(f"#field-{name}", NumberField)


def _whole(form: DOMNode, name: str) -> int | None:
    number = _number_field(form, name).number
    return None if number is None else int(number)


def _shift(form: DOMNode) -> tuple[float, float, float]:
    x, y, z = (float(_number_field(form, f"shift-{axis}").number or 0) for axis in "xyz")
    return x, y, z


def _path(form: DOMNode, name: str) -> Path:
    return form.query_one(f"#field-{name}", PathField).path or Path()
