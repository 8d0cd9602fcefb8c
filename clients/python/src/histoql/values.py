"""Values on their way to the server and back."""

from __future__ import annotations

import base64
import datetime
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["decode_vector", "encode_png", "encode_vector", "plain"]


def encode_vector(vector: Any) -> str:
    """Numbers ``[dims]`` as base64 of little-endian float32, as the scalar ``Vector`` is sent."""
    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode("ascii")


def decode_vector(text: str) -> np.ndarray:
    """The scalar ``Vector`` as float32 ``[dims]``."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


def plain(value: Any) -> Any:
    """A variable as JSON can hold it: arrays, tensors, and columns of DataFrames become lists, scalars and dates Python's."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    # NumPy's arrays and scalars, pandas' columns and indices, tensors; polars' columns; Arrow's.
    for name in ("tolist", "to_list", "to_pylist", "as_py"):
        if callable(convert := getattr(value, name, None)):
            return plain(convert())
    return value


def encode_png(pixels: np.ndarray) -> bytes:
    """Pixels, uint8 ``[height, width]`` or ``[height, width, 3 or 4]``, as a PNG file (ISO/IEC 15948)."""
    pixels = np.asarray(pixels)
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3):
        raise TypeError(f"A picture is uint8 of two or three dimensions, not {pixels.dtype} of {pixels.ndim}.")
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    colour_types = {1: 0, 3: 2, 4: 6}
    if channels not in colour_types:
        raise TypeError(f"A picture has 1, 3 or 4 channels, not {channels}.")
    height, width = pixels.shape[:2]

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, colour_types[channels], 0, 0, 0)
    # Each line begins with the number of its filter: none.
    lines = np.zeros((height, 1 + width * channels), np.uint8)
    lines[:, 1:] = pixels.reshape(height, width * channels)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines.tobytes(), 6))
        + chunk(b"IEND", b"")
    )
