"""Writes stain.json: what torchstain finds and makes of regions of real slides; figures alone, no pictures.

python3 -m venv .venv && .venv/bin/pip install torch==2.13.0 torchstain==1.4.1 numpy openslide-python
.venv/bin/python src/slides/reference/stain.py <folder with the slides> > src/slides/reference/stain.json
"""

import json
import sys
from pathlib import Path

import numpy
import openslide
import torch
import torchstain
from torchstain.torch.utils.rgb2lab import rgb2lab
from torchstain.torch.utils.split import lab_split

EDGE = 1024
STEP = 73
REGIONS = {
    "TCGA-06-0174-01Z-00-DX3_roi1.tif": (0, 0),
    "TCGA-26-1442-01Z-00-DX1_roi1.tif": (0, 0),
    "TCGA-HT-7470-01Z-00-DX4_roi1.tif": (0, 0),
    "CMU-1-Small-Region.svs": (600, 900),
    "CPTAC_C3L-00601-26.tif": (2200, 2200),
}
TARGET = "CMU-1-Small-Region.svs"


def read(folder: Path, name: str) -> numpy.ndarray:
    slide = openslide.OpenSlide(str(folder / name))
    return numpy.array(slide.read_region(REGIONS[name], 0, (EDGE, EDGE)).convert("RGB"))


def as_tensor(pixels: numpy.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def numbers(values) -> list:
    return numpy.asarray(values, dtype=numpy.float64).round(6).tolist()


def lab_statistics(pixels: numpy.ndarray) -> dict:
    lab = lab_split(rgb2lab(as_tensor(pixels).float() / 255))
    return {"means": numbers([x.mean() for x in lab]), "standardDeviations": numbers([x.std() for x in lab])}


def main(folder: Path) -> None:
    target = as_tensor(read(folder, TARGET))
    # Macenko towards torchstain's own reference, and towards a picture; Reinhard has none of its own.
    macenko = torchstain.normalizers.MacenkoNormalizer(backend="torch")
    fitted = torchstain.normalizers.MacenkoNormalizer(backend="torch")
    fitted.fit(target)
    reinhard = torchstain.normalizers.ReinhardNormalizer(backend="torch")
    reinhard.fit(target)
    regions = []
    for name, (x, y) in REGIONS.items():
        pixels = read(folder, name)
        own = torchstain.normalizers.MacenkoNormalizer(backend="torch")
        own.fit(as_tensor(pixels))
        toward_reference, _, _ = macenko.normalize(as_tensor(pixels), stains=False)
        toward_target, _, _ = fitted.normalize(as_tensor(pixels), stains=False)
        lab = reinhard.normalize(as_tensor(pixels))
        places = [(r, c) for r in range(5, EDGE, STEP) for c in range(5, EDGE, STEP)]
        at = lambda picture: [numpy.asarray(picture[r, c]).tolist() for r, c in places]
        regions.append(
            {
                "slide": name,
                "x": x,
                "y": y,
                "edgePixels": EDGE,
                "stains": numbers(own.HERef.T),
                "maxConcentrations": numbers(own.maxCRef),
                **lab_statistics(pixels),
                "pixels": {
                    "places": places,
                    "scanned": at(pixels),
                    "macenkoToReference": at(toward_reference),
                    "macenkoToTarget": at(toward_target),
                    "reinhardToTarget": at(lab),
                },
            }
        )
    versions = {"torchstain": "1.4.1", "torch": torch.__version__}
    json.dump({"versions": versions, "target": TARGET, "regions": regions}, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


main(Path(sys.argv[1]))
