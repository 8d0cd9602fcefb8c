"""Weights and pictures that need no file: a formula that every language can follow to the last bit.

The value at index i of the tensor `name` under a seed is u = h(i) / 2^31 - 1, in [-1, 1), with h a 32-bit mix of
i * 0x9E3779B1 + k, and k the 32-bit FNV-1a hash of "seed/name". Weights scale it so that signals keep their size
through the layers (He et al., ICCV 2015). The tests' other half is test/support/formulaWeights.ts.
"""

import numpy as np


def fnv1a(text):
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def mixed(values):
    """The 32-bit finaliser of C. Wellons' hash-prospector ("lowbias32")."""
    values = values ^ (values >> np.uint32(16))
    values = values * np.uint32(0x21F0AAAD)
    values = values ^ (values >> np.uint32(15))
    values = values * np.uint32(0x735A2D97)
    return values ^ (values >> np.uint32(15))


def hashes(name, count, seed=0):
    key = np.uint32(fnv1a(f"{seed}/{name}"))
    return mixed(np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + key)


def offset_and_scale(name, shape):
    """A weight is offset + scale * u."""
    if name.endswith("running_var"):
        return 1.0, 0.5
    if "token" in name or "pos_embed" in name or "position_bias" in name:
        return 0.0, 0.5
    if len(shape) > 1:
        return 0.0, float(np.sqrt(6.0 / float(np.prod(shape[1:]))))
    return (0.0, 0.1) if name.endswith(("bias", "running_mean")) else (0.5, 0.125)


def weight(name, shape, seed=0):
    """The float32 tensor of a name and a shape, computed in double precision."""
    offset, scale = offset_and_scale(name, shape)
    unit = hashes(name, int(np.prod(shape)), seed).astype(np.float64) / 2.0**31 - 1.0
    return (offset + scale * unit).astype(np.float32).reshape(shape)


def picture(name, side):
    """RGB bytes [side, side, 3]: bands of colour under noise, so that neither smooth nor rough filters see nothing."""
    noise = hashes(name, side * side * 3).reshape(side, side, 3) >> np.uint32(25)
    row, column, channel = np.meshgrid(np.arange(side), np.arange(side), np.arange(3), indexing="ij")
    period = 16 + fnv1a(name) % 48
    bands = ((row * (channel + 1) + column * 2) // period % 2) * 128
    return (bands + noise).astype(np.uint8)
