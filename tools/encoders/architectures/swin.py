"""Swin-T (Liu et al., ICCV 2021) behind the convolutional stem of CTransPath, with the names of its checkpoint."""

import re

import torch
from torch import nn
from torch.nn import functional

WINDOW = 7
DEPTHS, HEADS, WIDTH = (2, 2, 6, 2), (3, 6, 12, 24), 96
# Added to the attention between pixels that only the shift brought into one window.
APART = -100.0


def windows_of(x):
    """[N, side, side, width] as [N * windows, WINDOW², width]."""
    side, width = x.shape[1], x.shape[3]
    count = side // WINDOW
    x = x.reshape(-1, count, WINDOW, count, WINDOW, width).transpose(2, 3)
    return x.reshape(-1, WINDOW * WINDOW, width)


def without_windows(x, side):
    count, width = side // WINDOW, x.shape[2]
    x = x.reshape(-1, count, count, WINDOW, WINDOW, width).transpose(2, 3)
    return x.reshape(-1, side, side, width)


def offsets_in_window():
    """Row of the bias table for each pair of pixels of a window [WINDOW², WINDOW²]."""
    at = torch.stack(torch.meshgrid(torch.arange(WINDOW), torch.arange(WINDOW), indexing="ij")).flatten(1)
    between = at[:, :, None] - at[:, None, :] + WINDOW - 1
    return between[0] * (2 * WINDOW - 1) + between[1]


def mask_of_shift(side, shift):
    """What keeps apart the regions that a cyclic shift makes neighbours [windows, WINDOW², WINDOW²]."""
    band = torch.bucketize(torch.arange(side), torch.tensor([side - WINDOW, side - shift]), right=True)
    region = windows_of((band[:, None] * 3 + band)[None, :, :, None])[:, :, 0]
    return torch.where(region[:, :, None] == region[:, None, :], 0.0, APART)


class WindowAttention(nn.Module):
    def __init__(self, width, heads, side, shift):
        super().__init__()
        self.heads, self.size, self.windows = heads, width // heads, (side // WINDOW) ** 2
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * WINDOW - 1) ** 2, heads))
        self.register_buffer("offsets", offsets_in_window().flatten(), persistent=False)
        self.register_buffer("mask", mask_of_shift(side, shift) if shift else None, persistent=False)
        self.qkv, self.proj = nn.Linear(width, width * 3), nn.Linear(width, width)

    def forward(self, x):
        pixels = WINDOW * WINDOW
        qkv = self.qkv(x).reshape(-1, pixels, 3, self.heads, self.size).permute(2, 0, 3, 1, 4)
        scores = (qkv[0] * self.size**-0.5) @ qkv[1].transpose(-2, -1)
        bias = self.relative_position_bias_table[self.offsets].reshape(pixels, pixels, self.heads).permute(2, 0, 1)
        scores = scores + bias
        if self.mask is not None:
            scores = scores.reshape(-1, self.windows, self.heads, pixels, pixels) + self.mask[:, None]
            scores = scores.reshape(-1, self.heads, pixels, pixels)
        x = (torch.softmax(scores, -1) @ qkv[2]).transpose(1, 2)
        return self.proj(x.reshape(-1, pixels, self.heads * self.size))


class HiddenLayer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, width * 4), nn.Linear(width * 4, width)

    def forward(self, x):
        return self.fc2(functional.gelu(self.fc1(x)))


class Block(nn.Module):
    """Attention within windows, which every second block shifts by half a window where there is more than one."""

    def __init__(self, width, heads, side, shifted):
        super().__init__()
        self.side = side
        self.shift = WINDOW // 2 if shifted and side > WINDOW else 0
        self.norm1, self.attn = nn.LayerNorm(width), WindowAttention(width, heads, side, self.shift)
        self.norm2, self.mlp = nn.LayerNorm(width), HiddenLayer(width)

    def attend(self, x):
        if self.shift:
            x = torch.roll(x, (-self.shift, -self.shift), (1, 2))
        x = without_windows(self.attn(windows_of(x)), self.side)
        return torch.roll(x, (self.shift, self.shift), (1, 2)) if self.shift else x

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Merge(nn.Module):
    """Four neighbouring pixels become one of twice the width."""

    def __init__(self, width):
        super().__init__()
        self.norm, self.reduction = nn.LayerNorm(width * 4), nn.Linear(width * 4, width * 2, bias=False)

    def forward(self, x):
        corners = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(corners, -1)))


class Stage(nn.Module):
    def __init__(self, width, depth, heads, side, merges):
        super().__init__()
        self.blocks = nn.Sequential(*(Block(width, heads, side, number % 2 == 1) for number in range(depth)))
        self.downsample = Merge(width) if merges else nn.Identity()

    def forward(self, x):
        return self.downsample(self.blocks(x))


class ConvStem(nn.Module):
    def __init__(self):
        super().__init__()
        layers, width_in, width = [], 3, WIDTH // 8
        for _ in range(2):
            layers += [nn.Conv2d(width_in, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            width_in, width = width, width * 2
        self.proj = nn.Sequential(*layers, nn.Conv2d(width_in, WIDTH, 1))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, images):
        return self.norm(self.proj(images).permute(0, 2, 3, 1))


class CTransPath(nn.Module):
    """Wang et al., Medical Image Analysis 2022. Output `embedding`, the mean of the last tokens [N, 768]."""

    output_names = ("embedding",)

    def __init__(self):
        super().__init__()
        self.patch_embed = ConvStem()
        stages = range(len(DEPTHS))
        self.layers = nn.Sequential(
            *(Stage(WIDTH << at, DEPTHS[at], HEADS[at], 56 >> at, at < stages[-1]) for at in stages)
        )
        self.norm = nn.LayerNorm(WIDTH << stages[-1])

    def forward(self, images):
        x = self.norm(self.layers(self.patch_embed(images)))
        return {"embedding": x.flatten(1, 2).mean(1)}


def from_timm(state):
    """A Swin checkpoint without what follows from the sizes; later versions of timm merge at the start of a stage."""
    kept = {name: value for name, value in state.items() if not re.search(r"relative_position_index|attn_mask", name)}
    if not any(name.startswith("layers.3.downsample.") for name in kept):
        return kept
    return {
        re.sub(r"^layers\.(\d)\.downsample", lambda match: f"layers.{int(match[1]) - 1}.downsample", name): value
        for name, value in kept.items()
    }
