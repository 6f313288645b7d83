"""Times the peer's (warpylib's) particle images in its own virtual environment; requests come on stdin.

A request is one line of JSON: box, batch (particles per call), positions_ang. The answer: seconds for the
spectra of all particle images, multiplied by their CTFs; of processor time with ``--processor-time``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from types import SimpleNamespace

import torch  # type: ignore[import-not-found]
from warpylib import TiltSeries  # type: ignore[import-not-found]

ANGPIX = 10.0
DEPTH_ANG = 1000.0


def main() -> None:
    """Answer requests until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("xml")
    parser.add_argument("images")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor-time", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    series, images = _load(options.xml, options.images)
    print(json.dumps({"ready": torch.__version__}), flush=True)
    clock = time.process_time if options.processor_time else time.perf_counter
    for line in sys.stdin:
        request = SimpleNamespace(**json.loads(line))
        start = clock()
        _make_images(series, images, request)
        print(json.dumps({"seconds": clock() - start}), flush=True)


def _load(xml: str, images_path: str) -> tuple[TiltSeries, torch.Tensor]:
    import numpy as np

    series = TiltSeries(path=xml)
    series.load_meta(xml)
    images = torch.from_numpy(np.load(images_path))
    height, width = images.shape[1:]
    series.image_dimensions_physical = torch.tensor([width * ANGPIX, height * ANGPIX])
    series.volume_dimensions_physical = torch.tensor([width * ANGPIX, height * ANGPIX, DEPTH_ANG])
    return series, images


@torch.no_grad()  # type: ignore[untyped-decorator]
def _make_images(series: TiltSeries, images: torch.Tensor, request: SimpleNamespace) -> None:
    coords = torch.tensor(request.positions_ang, dtype=torch.float32)
    for first in range(0, len(coords), request.batch):
        part = coords[first : first + request.batch]
        spectra = series.get_images_for_particles_single_rft(images, part, ANGPIX, request.box)
        per_tilt = part.unsqueeze(-2).expand(len(part), len(images), 3)
        spectra * series.get_ctfs_for_particles(per_tilt, ANGPIX).get_2d(request.box)


if __name__ == "__main__":
    main()
