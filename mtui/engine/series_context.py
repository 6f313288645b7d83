"""Everything about one tilt series that its particles share, computed once and kept on the device."""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import numpy as np
from jaxtyping import Float32, Float64

from mtui.engine.batches import (
    DEVICE_IN_FLIGHT,
    LARGEST_DEVICE_SLICE,
    TILT_STEP,
    cpu_slice,
    device_slice,
    pad_tilts,
    padded_tilts,
    particle_bytes,
    round_up,
    slices_in_flight,
    sums_bytes,
)
from mtui.engine.box_transform import SPECTRA
from mtui.engine.ctf import CtfGrids, TiltCtfReference, compute_ctf_grids, compute_flat_grids
from mtui.engine.extraction import pad_images
from mtui.engine.half_space import image_frequencies, n_image_samples
from mtui.engine.insertion import RotatedInsertion
from mtui.engine.operator import CPU_CHUNKING, DEVICE_CHUNKING, Chunking
from mtui.engine.operator_build import build_operator, compute_multiplicity
from mtui.engine.runtime import usable_processors
from mtui.engine.sampling import Samples, compute_taps, conjugate_signs, kept_samples
from mtui.engine.slabs import DEVICE_SLAB_BYTES, SlabGroup, count_planes, plan_slabs
from mtui.engine.slices import FixedInsertion, SliceShape
from mtui.engine.tilt_samples import SharedSeries
from mtui.engine.volumes import Finishing, compute_finishing
from mtui.errors import EngineError
from mtui.geometry.tilt_ctf import SeriesCtf, TiltCtf, compute_tilt_ctf, dose_limit_weights
from mtui.geometry.tilts import Frame, TiltGeometry, positions_in_tilts, shared_tilt_matrices

DEFAULT_DEVICE_BYTES = 8 * 2**30
USUAL_KEPT = 0.8  # of the samples of an image
SAMPLE_STEP = 64


@dataclass(frozen=True, slots=True)
class ReconstructionSettings:
    """How sub-tomograms are made, the same for every series of an export."""

    angpix: float  # of the output and of the rescaled images, Å
    box_px: int  # N, even
    super_box_px: int  # S, even, at least N
    norm_radius_px: int | None  # radius of the particle; None leaves volumes in units of the images
    prerotate: bool = False
    shift_ang: tuple[float, float, float] | None = None  # in the frame of the species' map
    first_tilts: int | None = None  # by dose; None uses all
    sparse_ctf: bool = False
    with_ctf: bool = (
        True  # False takes the CTF as 1, without weights, in the selected tilts and leaves out the others
    )
    half: bool = False  # results are rounded to the numbers that a float16 can hold, if all of a slice fit


@dataclass(frozen=True, slots=True, eq=False)
class SeriesModel:
    """What is known of a series besides its images."""

    geometry: TiltGeometry
    ctf: SeriesCtf
    frame: Frame
    image_px: tuple[int, int]  # width, height


@dataclass(frozen=True, slots=True, eq=False)
class SeriesInput:
    """One tilt series, images rescaled and preprocessed."""

    name: str
    images: Float32[np.ndarray, "tilt height width"]
    geometry: TiltGeometry
    ctf: SeriesCtf
    frame: Frame

    @property
    def model(self) -> SeriesModel:
        """All but the images."""
        _, height, width = self.images.shape
        return SeriesModel(self.geometry, self.ctf, self.frame, (width, height))


@dataclass(slots=True)
class Fitting:
    """How many particles fit into the device's memory at once; shrinks when it turns out too small."""

    slots: int


@dataclass(frozen=True, slots=True, eq=False)
class SeriesContext:
    """A series made ready for its particles; of the images only what the device needs, they are large."""

    series: SeriesModel
    settings: ReconstructionSettings
    reference: TiltCtfReference
    shape: SliceShape
    slots: int  # particles per slice
    in_flight: int  # slices computed at once
    device: jax.Device
    shared: SharedSeries
    insertion: FixedInsertion | RotatedInsertion
    finishing: Finishing
    fitting: Fitting


@dataclass(frozen=True, slots=True)
class _Plan:
    slots: int
    lanes: int
    tilts: int
    in_flight: int
    slabs: tuple[SlabGroup, ...]
    fixed: bool
    chunking: Chunking


def prepare_series(
    series: SeriesInput, settings: ReconstructionSettings, device: jax.Device | None = None
) -> SeriesContext:
    """Compute what all particles of a series share, and put it on a device (by default JAX's first).

    Raises EngineError as `prepare_on_host`.
    """
    return place_series(prepare_on_host(series, settings, device))


def place_series(context: SeriesContext) -> SeriesContext:
    """Put everything on the context's device, where it takes memory from now on."""
    # Without a program, which would be compiled for each size.
    shared, insertion, finishing = jax.device_put(
        (context.shared, context.insertion, context.finishing), context.device
    )
    return replace(context, shared=shared, insertion=insertion, finishing=finishing)


def prepare_on_host(
    series: SeriesInput, settings: ReconstructionSettings, device: jax.Device | None = None
) -> SeriesContext:
    """Compute what all particles of a series share, for a device, but in the host's memory.

    So it may be done while the device is full of another series; `place_series` is what remains. Where the
    device is the host there is nothing left to do.

    Raises EngineError if images and geometry do not fit together or the box does not fit into the super-box.
    """
    _check(series, settings)
    device = device or jax.devices()[0]
    size_px, n_tilts = settings.super_box_px, series.geometry.n_tilts
    model = series.model
    reference = ctf_reference(model)
    plan = _plan(series, settings, device)
    shared = SharedSeries(
        images=pad_images(series.images, size_px),
        grids=_padded_grids(series, settings, reference),
        n_tilts=np.int32(n_tilts),
    )
    insertion = _insertion(series.geometry, size_px, plan)
    shape = SliceShape(
        super_box_px=size_px,
        box_px=settings.box_px,
        local_bfactors=settings.with_ctf and _has_local_bfactors(series.ctf),
        slabs=plan.slabs,
        lanes=plan.lanes,
        tilts=plan.tilts,
        folds=plan.chunking.folds,
    )
    finishing = compute_finishing(settings.box_px, settings.norm_radius_px, sparse=settings.sparse_ctf)
    context = SeriesContext(
        model,
        settings,
        reference,
        shape,
        plan.slots,
        plan.in_flight,
        device,
        shared,
        insertion,
        finishing,
        Fitting(plan.slots),
    )
    return place_series(context) if device.platform == "cpu" else context


def ctf_reference(series: SeriesModel) -> TiltCtfReference:
    """CTF parameters of a particle in the middle of the tomogram; others are kept as differences to it."""
    centre = np.broadcast_to(np.asarray(series.frame.volume_ang) / 2, (1, series.geometry.n_tilts, 3))
    ctf = tilt_ctf_at(series, centre)
    return TiltCtfReference(
        ctf.defocus_um[0], ctf.bfactor_ang2[0], ctf.bfactor_delta_ang2[0], ctf.bfactor_angle_deg[0]
    )


def tilt_ctf_at(series: SeriesModel, coords_ang: Float64[np.ndarray, "particle tilt 3"]) -> TiltCtf:
    """CTF parameters of particles in every tilt."""
    positions = positions_in_tilts(series.geometry, series.frame, coords_ang)
    return compute_tilt_ctf(series.geometry, series.ctf, series.frame, coords_ang, positions.defocus_um)


def _plan(series: SeriesInput, settings: ReconstructionSettings, device: jax.Device) -> _Plan:
    size_px, n_tilts = settings.super_box_px, series.geometry.n_tilts
    fixed = not settings.prerotate and shared_tilt_matrices(series.geometry) is not None
    if device.platform != "cpu":
        return _device_plan(settings, n_tilts, device, fixed=fixed)
    slots = cpu_slice(size_px, settings.box_px, n_tilts)
    used = slots * particle_bytes(size_px, settings.box_px, n_tilts)
    slabs = plan_slabs(size_px, len(SPECTRA) * slots if fixed else 1)
    in_flight = slices_in_flight(used, usable_processors())
    # One particle's sums fit a processor's cache better than those of a slice.
    return _Plan(slots, 1, 1, in_flight, slabs, fixed, CPU_CHUNKING)


def _device_plan(settings: ReconstructionSettings, n_tilts: int, device: jax.Device, *, fixed: bool) -> _Plan:
    """Few large steps: starting one takes as long there as much of the work."""
    size_px = settings.super_box_px
    slabs = plan_slabs(size_px, len(SPECTRA) * LARGEST_DEVICE_SLICE if fixed else 1, DEVICE_SLAB_BYTES)
    sums = sums_bytes(size_px, max(size_px // 2 + 1, count_planes(slabs)))
    needed = max(sums, particle_bytes(size_px, settings.box_px, n_tilts))
    free = (device.memory_stats() or {}).get("bytes_limit", DEFAULT_DEVICE_BYTES)
    slots = device_slice(needed, free)
    tilts = TILT_STEP if fixed else 1
    return _Plan(slots, slots, tilts, DEVICE_IN_FLIGHT, slabs, fixed, DEVICE_CHUNKING)


def _insertion(geometry: TiltGeometry, size_px: int, plan: _Plan) -> FixedInsertion | RotatedInsertion:
    samples = kept_samples(size_px, geometry.magnification)
    matrices = shared_tilt_matrices(geometry)
    if not plan.fixed or matrices is None:
        return _rotated_insertion(samples, size_px)
    taps = compute_taps(size_px, samples, matrices)
    multiplicity = compute_multiplicity(taps, size_px)
    return FixedInsertion(
        operator=build_operator(
            taps, multiplicity, size_px, padded_tilts(geometry.n_tilts), plan.slabs, plan.chunking
        ),
        signs=pad_tilts(conjugate_signs(size_px, samples, matrices)),
    )


def _rotated_insertion(samples: Samples, size_px: int) -> RotatedInsertion:
    count, whole = len(samples.number), n_image_samples(size_px)
    # Without magnification pi/4 of them; one size suits all series but those with a strong one.
    usual = round_up(int(USUAL_KEPT * whole), SAMPLE_STEP)
    size = usual if count <= usual else round_up(whole, SAMPLE_STEP)
    number, position = np.zeros(size, dtype=np.int32), np.zeros((2, size), dtype=np.float32)
    number[:count], position[:, :count] = samples.number, samples.position.T
    return RotatedInsertion(number, position, (np.arange(size) < count).astype(np.float32))


def _padded_grids(
    series: SeriesInput, settings: ReconstructionSettings, reference: TiltCtfReference
) -> CtfGrids:
    size_px = settings.super_box_px
    x, y = image_frequencies(size_px)
    if not settings.with_ctf:
        takes_part = series.geometry.use_tilt & (
            dose_limit_weights(series.geometry, settings.first_tilts) > 0.0
        )
        return _pad_grids(compute_flat_grids(takes_part, x.shape))
    return _pad_grids(compute_ctf_grids(series.ctf, reference, settings.angpix, x / size_px, y / size_px))


def _pad_grids(grids: CtfGrids) -> CtfGrids:
    phase_turns, envelope = (pad_tilts(np.asarray(values)) for values in (grids.phase_turns, grids.envelope))
    return grids._replace(phase_turns=phase_turns, envelope=envelope)


def _has_local_bfactors(ctf: SeriesCtf) -> bool:
    return not ctf.dose_bfactors.is_single and bool(np.ptp(ctf.location_bfactors.values) > 0.0)


def _check(series: SeriesInput, settings: ReconstructionSettings) -> None:
    if len(series.images) != series.geometry.n_tilts:
        raise EngineError(
            f"Series {series.name} has {len(series.images)} tilt images but {series.geometry.n_tilts} tilts.",
            "Check that every tilt has an average.",
        )
    if settings.box_px > settings.super_box_px or settings.box_px % 2 or settings.super_box_px % 2:
        raise EngineError(
            f"A box of {settings.box_px} px cannot be cut from one of {settings.super_box_px} px.",
            "Use an even box of at most 1024 px, or a larger output pixel.",
        )
