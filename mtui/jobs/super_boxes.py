"""The box in which each series is reconstructed; it depends on the defocus of its least exposed tilt."""

from __future__ import annotations

from mtui.errors import InputError
from mtui.geometry.sizes import super_box_px
from mtui.geometry.tilt_ctf import values_per_tilt
from mtui.geometry.tilts import dose_order
from mtui.model.export_plan import ExportPlan, SeriesPlan
from mtui.model.remap import Remap
from mtui.model.tilt_series import TiltSeries, load_tilt_series


def compute_super_box_px(plan: ExportPlan, series: SeriesPlan, tilt_series: TiltSeries) -> int:
    """Edge of a series' super-box in pixels.

    As in M (`GetCTFParamsForOneTilt`) defocus and phase shift are those of the tilt with the lowest dose,
    read from the grids by array index, without the particle's depth.
    """
    geometry = tilt_series.geometry
    first = int(dose_order(geometry.dose)[0])
    return super_box_px(
        plan.box_px,
        plan.diameter_ang,
        series.pixel,
        defocus_um=float(values_per_tilt(geometry.defocus_um, geometry.n_tilts)[first]),
        cs_mm=tilt_series.ctf.cs_mm,
        voltage_kv=tilt_series.ctf.voltage_kv,
        phase_pi=float(tilt_series.ctf.phase_pi[first]),
    )


def plan_super_boxes(plan: ExportPlan) -> tuple[dict[str, int], dict[str, str]]:
    """Super-box of each series by data hash, and the reason for each series whose metadata cannot be read."""
    remap = Remap.parse(plan.settings.remap)
    boxes: dict[str, int] = {}
    problems: dict[str, str] = {}
    for series in plan.series:
        try:
            boxes[series.ref.hash] = compute_super_box_px(plan, series, load_tilt_series(series.ref, remap))
        except InputError as error:
            problems[series.ref.hash] = str(error)
    return boxes, problems
