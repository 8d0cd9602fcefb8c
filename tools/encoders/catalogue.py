"""The encoders that export.py knows: how each is built, how its checkpoint is read, which cards describe its outputs."""

from dataclasses import dataclass
from typing import Callable

from architectures import convolutional, swin
from architectures.vision_transformer import VisionTransformer, VisionTransformerShape, from_hugging_face


def as_it_is(state):
    return state


def headless(*prefixes):
    """A checkpoint without its classifier, which no encoder needs."""
    return lambda state: {name: value for name, value in state.items() if not name.startswith(prefixes)}


@dataclass(frozen=True)
class Encoder:
    build: Callable
    # encoders/cards/<card>.json, one for each output or pooling.
    cards: tuple[str, ...]
    # From the names of the published checkpoint to those of the module.
    rename: Callable = as_it_is


def transformer(**sizes):
    return lambda: VisionTransformer(VisionTransformerShape(**sizes))


GIANT = dict(patch=14, width=1536, heads=24, hidden=8192, gated=True, layer_scale=True, prefix_has_positions=False)
LARGE = dict(patch=16, width=1024, depth=24, heads=16, hidden=4096, layer_scale=True)

ENCODERS = {
    "vgg16": Encoder(convolutional.Vgg16, ("vgg16-conv5", "vgg16-fc7"), headless("classifier.6.")),
    "resnet50": Encoder(convolutional.ResNet50, ("resnet50-layer3", "resnet50-layer4"), headless("fc.")),
    "vit-s16": Encoder(
        transformer(patch=16, width=384, depth=12, heads=6, hidden=1536),
        ("vit-s16-cls", "vit-s16-mean"), headless("head."),
    ),
    "phikon": Encoder(
        transformer(patch=16, width=768, depth=12, heads=12, hidden=3072), ("phikon",), from_hugging_face
    ),
    "phikon-v2": Encoder(transformer(**LARGE), ("phikon-v2",), from_hugging_face),
    "uni": Encoder(transformer(**LARGE), ("uni",)),
    "uni2-h": Encoder(transformer(**GIANT, depth=24, registers=8), ("uni2-h",)),
    "ctranspath": Encoder(swin.CTransPath, ("ctranspath",), swin.from_timm),
    "h-optimus-0": Encoder(transformer(**GIANT, depth=40, registers=4), ("h-optimus-0",)),
    "virchow2": Encoder(
        transformer(
            patch=14, width=1280, depth=32, heads=16, hidden=6832, gated=True, layer_scale=True, registers=4,
            class_and_mean=True,
        ),
        ("virchow2", "virchow2-cls"),
    ),
}
