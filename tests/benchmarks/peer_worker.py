"""Times the peer (warpylib) in its own virtual environment; reads requests from stdin, one JSON line each.

A request: box, batch (particles per call), particles, prerotate. The answer: seconds for volumes and 3D CTFs,
and seconds of all processors.
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


def main() -> None:
    """Answer requests until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("xml")
    parser.add_argument("images")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    series, images = _load(options.xml, options.images)
    if options.device != "cpu":
        series, images = series.to(torch.device(options.device)), images.to(options.device)
    print(json.dumps({"ready": torch.__version__}), flush=True)
    for line in sys.stdin:
        request = SimpleNamespace(**json.loads(line))
        print(json.dumps(_answer(series, images, request)), flush=True)


def _load(xml: str, images_path: str) -> tuple[TiltSeries, torch.Tensor]:
    import numpy as np

    series = TiltSeries(path=xml)
    series.load_meta(xml)
    images = torch.from_numpy(np.load(images_path))
    height, width = images.shape[1:]
    series.image_dimensions_physical = torch.tensor([width * ANGPIX, height * ANGPIX])
    series.volume_dimensions_physical = torch.tensor([width * ANGPIX, height * ANGPIX, 1000.0])
    return series, images


@torch.no_grad()  # type: ignore[untyped-decorator]
def _answer(series: TiltSeries, images: torch.Tensor, request: SimpleNamespace) -> dict[str, float]:
    device = images.device
    coords = torch.tensor(request.positions_ang, dtype=torch.float32, device=device)
    angles = None
    if request.prerotate:
        angles = torch.deg2rad(torch.tensor(request.angles_deg, dtype=torch.float32, device=device))
    start, used = time.perf_counter(), time.process_time()
    for first in range(0, len(coords), request.batch):
        part = slice(first, first + request.batch)
        turned = None if angles is None else angles[part]
        series.reconstruct_subvolumes_single(images, coords[part], ANGPIX, request.box, angles=turned)
        series.reconstruct_subvolume_ctfs_single(coords[part], ANGPIX, request.box, angles=turned)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return {"seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - used}


if __name__ == "__main__":
    main()
