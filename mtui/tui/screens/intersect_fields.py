"""The fields of the intersect form, made from the declaration of the settings, and read back into it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from textual.containers import Horizontal, HorizontalScroll
from textual.dom import DOMNode
from textual.widget import Widget
from textual.widgets import Static

from mtui.model.population import Population
from mtui.model.species import Species
from mtui.settings import IntersectSettings, options
from mtui.tui.comparison import Comparison
from mtui.tui.screens.export_fields import species_text
from mtui.tui.widgets.fields import Field, NumberField, NumberInput
from mtui.tui.widgets.lines import Line, Lines
from mtui.tui.widgets.path_field import PathField
from mtui.tui.widgets.set_bar import SetBar
from mtui.tui.widgets.toggles import Radio, Tick

OPTIONS = options(IntersectSettings)
M_TABLE, RELION_TABLE = "m_star", "relion_star"
M_SUFFIXES = (".star", ".species")
M_REASON = "M files carry source hashes"
FROM_FILE = "from file"
RULES = {"m": "M", "gated": "Gated"}
PIXEL_SIZES = ("coords_angpix", "shifts_angpix")


def compose_new_set(population: Population) -> Iterator[Widget]:
    """Two kinds of table, each with its path; pixel sizes; sources."""
    for name, suffixes in ((M_TABLE, M_SUFFIXES), (RELION_TABLE, (".star",))):
        option, is_default = OPTIONS[name], name == RELION_TABLE
        with Horizontal(classes="row"):
            yield Radio(f"{option.label:<12}", is_default, group="kind", choice=name, option=option, id=name)
            yield PathField(name, option, suffixes=suffixes, label="")
    with Horizontal(classes="row indented"):
        for name in PIXEL_SIZES:
            yield NumberField(name, OPTIONS[name], width=8, optional=True)
    with Horizontal(classes="row indented"):
        yield Static(f" {OPTIONS['source'].label}  ", classes="label", markup=False)
        with HorizontalScroll(id="sources", can_focus=False):
            for index, source in enumerate(population.valid_sources):
                label = f"{source.name} ({len(source.files):,})"
                yield Tick(label, True, option=OPTIONS["source"], id=f"source-{index}", classes="source")


def compose_tolerance() -> Iterator[Widget]:
    """The tolerance, and the rule."""
    with Horizontal(classes="row"):
        option = OPTIONS["tolerance"]
        default = f"{IntersectSettings.__dataclass_fields__['tolerance'].default:g}"
        yield NumberField("tolerance", option, default, width=8)
        yield Static(f"   {OPTIONS['rule'].label}", classes="label", markup=False)
        for choice, label in RULES.items():
            yield Radio(
                label, choice == "m", group="rule", choice=choice, option=OPTIONS["rule"], id=f"rule-{choice}"
            )
        yield Lines(id="other-rule")


def chosen_kind(form: DOMNode) -> str:
    """Which kind of table the new set is."""
    return _choice(form, "kind")


def rule_of(form: DOMNode) -> str:
    """The rule by which particles are paired."""
    return _choice(form, "rule")


def _choice(form: DOMNode, group: str) -> str:
    return next(radio.choice for radio in form.query(Radio) if radio.group == group and radio.value)


def take_m_table(form: DOMNode, path: str) -> None:
    """Compare with a table of M."""
    field = form.query_one(f"#field-{M_TABLE.replace('_', '-')}", PathField)
    field.text = path
    form.query_one(f"#{M_TABLE}", Radio).action_switch()


def tolerance_of(form: DOMNode) -> float:
    """The tolerance in the form, 0 while it is no number."""
    return float(form.query_one("#field-tolerance", NumberField).number or 0)


def read_intersect(form: DOMNode, population: Population, species: Species) -> IntersectSettings:
    """The settings that the fields say; they have no problem."""
    kind = chosen_kind(form)
    is_relion = kind == RELION_TABLE
    path = form.query_one(f"#field-{kind.replace('_', '-')}", PathField).path or Path()
    coords, shifts = (_own_number(form, name) for name in PIXEL_SIZES)
    return IntersectSettings(
        population=population.path,
        species=species_text(population, species),
        m_star=None if is_relion else path,
        relion_star=path if is_relion else None,
        coords_angpix=coords if is_relion else None,
        shifts_angpix=shifts if is_relion else None,
        source=_chosen_sources(form, population) if is_relion else (),
        tolerance=tolerance_of(form),
        rule=rule_of(form),
        keep=form.query_one(SetBar).keep,
    )


def _own_number(form: DOMNode, name: str) -> Decimal | None:
    """A pixel size that the user typed; None where the table's own is used."""
    field = form.query_one(f"#field-{name.replace('_', '-')}", NumberField)
    return None if field.note == FROM_FILE else field.number


def _chosen_sources(form: DOMNode, population: Population) -> tuple[str, ...]:
    """Names of the ticked sources; none stands for all."""
    ticks = list(form.query(".source").results(Tick))
    names = [source.name for source, tick in zip(population.valid_sources, ticks, strict=True) if tick.value]
    return () if len(names) == len(ticks) else tuple(names)


def find_problem(form: DOMNode) -> str | None:
    """No table, or no source to match it with."""
    kind = chosen_kind(form)
    if form.query_one(f"#field-{kind.replace('_', '-')}", PathField).path is None:
        return f"{OPTIONS[kind].label}: choose a file."
    ticks = list(form.query(".source").results(Tick))
    if kind == RELION_TABLE and not any(tick.value for tick in ticks):
        return f"{OPTIONS['source'].label}: tick at least one source."
    return None


def note_edit(form: DOMNode, name: str) -> None:
    """What the user typed is no longer from the file; what M files need not is greyed."""
    if name in PIXEL_SIZES:
        form.query_one(f"#field-{name.replace('_', '-')}", Field).set_note("")
    is_relion = chosen_kind(form) == RELION_TABLE
    for pixel_size in PIXEL_SIZES:
        form.query_one(f"#field-{pixel_size.replace('_', '-')}", Field).disabled = not is_relion
    for tick in form.query(".source").results(Tick):
        tick.disabled = not is_relion


def show_comparison(form: DOMNode, comparison: Comparison) -> None:
    """Fill in what came from the table, and let the tolerance end at the largest distance."""
    used = dict(zip(PIXEL_SIZES, (comparison.coords_angpix, comparison.shifts_angpix), strict=True))
    for name, text in used.items():
        field = form.query_one(f"#field-{name.replace('_', '-')}", NumberField)
        if not field.text or field.note == FROM_FILE:
            with field.entry.prevent(Field.Edited):
                field.text = text
            field.set_note(FROM_FILE if text else "")
    form.query_one("#matched", Lines).set_lines([matched_line(comparison)])
    _limit_tolerance(form, comparison.largest_ang)


def _limit_tolerance(form: DOMNode, largest_ang: float) -> None:
    """The tolerance ends at the largest distance, rounded up so that the farthest pair is inside.

    Under the gated rule the tolerance itself makes the largest distance, and has no such end.
    """
    gated = rule_of(form) == "gated"
    ceiling = None if gated else math.ceil(largest_ang * 1000) / 1000
    field = form.query_one("#field-tolerance", NumberField)
    if isinstance(field.entry, NumberInput):
        field.entry.ceiling = ceiling
    if ceiling is not None and tolerance_of(form) > ceiling:
        with field.prevent(Field.Edited):
            field.text = f"{ceiling:g}"


def other_rule_text(comparison: Comparison, tolerance_ang: float, rule: str) -> str:
    """How many particles the other rule finds in both sets, where it is another number."""
    if comparison.counted_at_ang != tolerance_ang:
        return ""
    if comparison.other_both == comparison.counts(tolerance_ang).both:
        return ""
    other = next(label for choice, label in RULES.items() if choice != rule)
    return f"  {other}: {comparison.other_both:,} in both"


def matched_line(comparison: Comparison) -> Line:
    """How many rows of the new table name a known tilt series."""
    text = f" {comparison.n_new:,}/{comparison.n_rows:,} new particles matched to available data sources"
    return ((text, "plain"),)


def remark_on(comparison: Comparison) -> str:
    """Rows that are left out, else how the table was understood."""
    left_out = comparison.n_rows - comparison.n_new
    if left_out:
        return f"{left_out:,} rows name images that are in no selected source. f4 lists them."
    return comparison.remarks[0] if comparison.remarks else ""
