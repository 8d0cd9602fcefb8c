"""Vision transformers with the parameter names of timm's checkpoints, and those of Hugging Face's renamed to them.

Dosovitskiy et al., ICLR 2021; LayerScale: Touvron et al., ICCV 2021; registers: Darcet et al., ICLR 2024; gated
(SwiGLU) hidden layers: Shazeer, arXiv:2002.05202.
"""

import re
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class VisionTransformerShape:
    """Sizes of a vision transformer for pictures of 224 pixels."""

    patch: int
    width: int
    depth: int
    heads: int
    # Rows of the first matrix of a hidden layer; a gated one uses one half to gate the other.
    hidden: int
    gated: bool = False
    layer_scale: bool = False
    registers: int = 0
    # Whether the class token and the registers have positions of their own.
    prefix_has_positions: bool = True
    # Whether the mean of the picture's tokens is put behind the class token as the output `embedding`.
    class_and_mean: bool = False
    norm_eps: float = 1e-6

    @property
    def grid(self):
        return 224 // self.patch

    @property
    def prefix(self):
        return 1 + self.registers


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.heads, self.size = shape.heads, shape.width // shape.heads
        self.tokens = shape.prefix + shape.grid**2
        self.qkv = nn.Linear(shape.width, shape.width * 3)
        self.proj = nn.Linear(shape.width, shape.width)

    def forward(self, x):
        qkv = self.qkv(x).reshape(-1, self.tokens, 3, self.heads, self.size).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]
        weights = torch.softmax((query * self.size**-0.5) @ key.transpose(-2, -1), dim=-1)
        return self.proj((weights @ value).transpose(1, 2).reshape(-1, self.tokens, self.heads * self.size))


class HiddenLayer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.gated = shape.gated
        self.fc1 = nn.Linear(shape.width, shape.hidden)
        self.fc2 = nn.Linear(shape.hidden // 2 if shape.gated else shape.hidden, shape.width)

    def forward(self, x):
        x = self.fc1(x)
        if not self.gated:
            return self.fc2(functional.gelu(x))
        gate, value = x.chunk(2, dim=-1)
        return self.fc2(functional.silu(gate) * value)


class LayerScale(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * self.gamma


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(shape.width, shape.norm_eps), Attention(shape)
        self.norm2, self.mlp = nn.LayerNorm(shape.width, shape.norm_eps), HiddenLayer(shape)
        self.ls1 = LayerScale(shape.width) if shape.layer_scale else nn.Identity()
        self.ls2 = LayerScale(shape.width) if shape.layer_scale else nn.Identity()

    def forward(self, x):
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class PatchEmbedding(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.proj = nn.Conv2d(3, shape.width, shape.patch, shape.patch)

    def forward(self, images):
        return self.proj(images).flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    """Output `tokens` behind the last norm [N, 1 + registers + grid², width]: class token, registers, then the picture's."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.output_names = ("tokens", "embedding") if shape.class_and_mean else ("tokens",)
        positions = shape.grid**2 + (shape.prefix if shape.prefix_has_positions else 0)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, shape.width))
        if shape.registers:
            self.reg_token = nn.Parameter(torch.zeros(1, shape.registers, shape.width))
        self.pos_embed = nn.Parameter(torch.zeros(1, positions, shape.width))
        self.patch_embed = PatchEmbedding(shape)
        self.blocks = nn.Sequential(*(Block(shape) for _ in range(shape.depth)))
        self.norm = nn.LayerNorm(shape.width, shape.norm_eps)

    def forward(self, images):
        picture = self.patch_embed(images)
        prefix = torch.cat([self.cls_token, self.reg_token], 1) if self.shape.registers else self.cls_token
        prefix = prefix.expand(picture.shape[0], -1, -1)
        if self.shape.prefix_has_positions:
            x = torch.cat([prefix, picture], 1) + self.pos_embed
        else:
            x = torch.cat([prefix, picture + self.pos_embed], 1)
        tokens = self.norm(self.blocks(x))
        if not self.shape.class_and_mean:
            return {"tokens": tokens}
        embedding = torch.cat([tokens[:, 0], tokens[:, self.shape.prefix :].mean(1)], -1)
        return {"tokens": tokens, "embedding": embedding}


# What a transformer's parts are called in Hugging Face's ViT and DINOv2 checkpoints, and what they are called here.
RENAMED = [
    (r"^(?:vit|dinov2)\.", ""),
    (r"^embeddings\.cls_token$", "cls_token"),
    (r"^embeddings\.position_embeddings$", "pos_embed"),
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^encoder\.layer\.(\d+)\.", r"blocks.\1."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"(blocks\.\d+)\.output\.dense\.", r"\1.mlp.fc2."),
    (r"\.layer_scale([12])\.lambda1$", r".ls\1.gamma"),
    (r"^layernorm\.", "norm."),
]
THIRD = re.compile(r"^(blocks\.\d+)\.attention\.attention\.(query|key|value)\.(weight|bias)$")


def from_hugging_face(state):
    """A state dict of Hugging Face's ViTModel or Dinov2Model under timm's names; query, key and value become one."""
    renamed, thirds = {}, {}
    for name, value in state.items():
        for pattern, replacement in RENAMED:
            name = re.sub(pattern, replacement, name)
        third = THIRD.match(name)
        if third:
            thirds.setdefault(f"{third[1]}.attn.qkv.{third[3]}", {})[third[2]] = value
        elif not name.startswith(("pooler.", "embeddings.mask_token")):
            renamed[name] = value
    for name, parts in thirds.items():
        renamed[name] = torch.cat([parts["query"], parts["key"], parts["value"]])
    return renamed
