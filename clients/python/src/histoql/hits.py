"""Patches that look like something."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .pages import flat
from .values import encode_png, encode_vector

if TYPE_CHECKING:
    import pandas

__all__ = ["Hits", "similar_to"]

SEARCH = """query($input: SimilarPatchesInput!, $maxPixels: Int!) {
  similarPatches(input: $input) {
    hits { similarity distance patch { id x y size imageUrl(maxPixels: $maxPixels) slide { key patient { key } } } }
    search { strategy matches matchesIsExact scanned isComplete recallBasis recallEstimate reason tookMs }
  }
}"""


# Of PIL images: those whose array holds the colours. Of more than 8 bits a channel are the others, which are refused.
_MODES = ("L", "RGB", "RGBA", "F", "I", "I;16", "I;16B", "I;16L", "I;16N")


class Hits(list[dict[str, Any]]):
    """Hits, nearest first; ``search`` tells how they were found and how far they can be relied on."""

    def __init__(self, hits: list[dict[str, Any]], search: dict[str, Any]) -> None:
        super().__init__(hits)
        self.search = search

    def frame(self) -> pandas.DataFrame:
        """One row a hit."""
        import pandas

        return pandas.DataFrame([flat(hit) for hit in self])


def _picture(content: bytes, microns_per_pixel: float | None) -> dict[str, Any]:
    if microns_per_pixel is None:
        raise TypeError("A picture needs its resolution: microns_per_pixel=0.5, for example.")
    data = base64.b64encode(content).decode("ascii")
    return {"image": {"data": data, "micronsPerPixel": float(microns_per_pixel)}}


def similar_to(what: Any, microns_per_pixel: float | None) -> dict[str, Any]:
    """The input ``SimilarTo`` of a patch's id, a hit, a vector, pixels, a PNG or JPEG file or its bytes, or a PIL image."""
    if isinstance(what, Mapping):
        inner = what.get("patch", what)
        return {"patch": inner["id"]} if isinstance(inner, Mapping) else dict(what)
    if isinstance(what, bytes):
        return _picture(what, microns_per_pixel)
    if isinstance(what, os.PathLike):
        with open(what, "rb") as file:
            return _picture(file.read(), microns_per_pixel)
    if isinstance(what, str):
        return {"patch": what}
    # Indices of a palette, CMYK and the like would be taken for grey or RGB.
    if getattr(what, "mode", "RGB") not in _MODES and hasattr(what, "convert"):
        what = what.convert("RGBA" if getattr(what, "has_transparency_data", False) else "RGB")
    pixels = np.asarray(what)
    if pixels.ndim == 1 and pixels.dtype.kind in "fiu":
        return {"vector": encode_vector(pixels)}
    return _picture(encode_png(pixels), microns_per_pixel)
