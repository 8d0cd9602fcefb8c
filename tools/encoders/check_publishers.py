"""Compares the architectures here with the libraries that the checkpoints were written with, as far as they are installed.

    python tools/encoders/check_publishers.py

Each encoder at its full size: the same names and shapes of tensors. Then, cut to two blocks where it is large, with
weights by formula: the same numbers. torchvision, timm and transformers are each left out when they cannot be imported.
"""

import importlib
from dataclasses import replace

import torch
from torch import nn

import formula
from architectures.vision_transformer import VisionTransformer
from catalogue import ENCODERS
from export import fill

BLOCKS = 2
def library(name):
    try:
        return importlib.import_module(name)
    except Exception as error:
        print(f"{name} is left out: {error}")
        return None


def timm_transformer(timm, name, depth, gated=False, **options):
    if depth:
        options["depth"] = depth
    if gated:
        options |= {"mlp_layer": timm.layers.SwiGLUPacked, "act_layer": nn.SiLU}
    return timm.create_model(name, pretrained=False, img_size=224, num_classes=0, **options)


def conv_stem():
    """The published recipe of CTransPath's first layers, as a class that timm's Swin takes."""

    class ConvStem(nn.Module):
        def __init__(self, img_size=224, patch_size=4, in_chans=3, embed_dim=96, norm_layer=None, **_):
            super().__init__()
            eighth = embed_dim // 8
            self.grid_size = (56, 56)
            self.proj = nn.Sequential(
                nn.Conv2d(in_chans, eighth, 3, 2, 1, bias=False), nn.BatchNorm2d(eighth), nn.ReLU(),
                nn.Conv2d(eighth, eighth * 2, 3, 2, 1, bias=False), nn.BatchNorm2d(eighth * 2), nn.ReLU(),
                nn.Conv2d(eighth * 2, embed_dim, 1),
            )
            self.norm = norm_layer(embed_dim)

        def forward(self, x):
            return self.norm(self.proj(x).permute(0, 2, 3, 1))

    return ConvStem


def publishers(torchvision, timm, transformers):
    """Encoder, what builds the publisher's model of a depth, and what it answers under our name of the output."""
    if torchvision:
        yield "vgg16", lambda depth: torchvision.models.vgg16(), lambda model, x: {
            "conv5": model.features(x), "fc7": model.classifier[:5](model.features(x).flatten(1)),
        }

        def resnet_maps(model, x):
            for name in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3"):
                x = getattr(model, name)(x)
            return {"layer3": x, "layer4": model.layer4(x)}

        yield "resnet50", lambda depth: torchvision.models.resnet50(), resnet_maps
    if timm:
        def tokens(model, x):
            return {"tokens": model.forward_features(x)}

        def class_and_mean(model, x):
            found = model.forward_features(x)
            return {"tokens": found, "embedding": torch.cat([found[:, 0], found[:, 5:].mean(1)], -1)}

        # Names and options as each model's own page gives them.
        yield "vit-s16", lambda depth: timm_transformer(timm, "vit_small_patch16_224", depth), tokens
        yield "uni", lambda depth: timm_transformer(
            timm, "vit_large_patch16_224", depth, patch_size=16, init_values=1e-5), tokens
        yield "uni2-h", lambda depth: timm_transformer(
            timm, "vit_giant_patch14_224", depth or 24, gated=True, patch_size=14, num_heads=24, init_values=1e-5,
            embed_dim=1536, mlp_ratio=2.66667 * 2, no_embed_class=True, reg_tokens=8), tokens
        yield "h-optimus-0", lambda depth: timm_transformer(
            timm, "vit_giant_patch14_reg4_dinov2", depth, init_values=1e-5), tokens
        yield "virchow2", lambda depth: timm_transformer(
            timm, "vit_huge_patch14_224", depth, gated=True, init_values=1e-5, reg_tokens=4, mlp_ratio=5.3375,
            global_pool=""), class_and_mean
        yield "ctranspath", lambda depth: timm.models.swin_transformer.SwinTransformer(
            embed_layer=conv_stem(), embed_dim=96, depths=(2, 2, 6, 2), num_heads=(3, 6, 12, 24), num_classes=0,
        ), lambda model, x: {"embedding": model(x)}
    if transformers:
        def last(model, x):
            return {"tokens": model(x).last_hidden_state}

        yield "phikon", lambda depth: transformers.ViTModel(transformers.ViTConfig(
            num_hidden_layers=depth or 12, layer_norm_eps=1e-6), add_pooling_layer=False), last
        yield "phikon-v2", lambda depth: transformers.Dinov2Model(transformers.Dinov2Config(
            hidden_size=1024, num_hidden_layers=depth or 24, num_attention_heads=16, patch_size=16, image_size=224)), last


def checkpoint_of(model):
    """The tensors as the library would save them, which may differ from the names in memory."""
    if not hasattr(model, "save_pretrained"):
        return model.state_dict()
    import tempfile

    from safetensors.torch import load_file

    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return load_file(f"{folder}/model.safetensors")


def ours(encoder, depth):
    model = encoder.build()
    if depth and isinstance(model, VisionTransformer):
        model = VisionTransformer(replace(model.shape, depth=depth))
    return model.eval()


def compare_names(encoder, build, name):
    with torch.device("meta"):
        theirs, mine = build(None), encoder.build()
    if hasattr(theirs, "save_pretrained"):
        return
    expected = {key: value.shape for key, value in encoder.rename(theirs.state_dict()).items()}
    assert expected == {key: value.shape for key, value in mine.state_dict().items()}, f"{name}: other names or shapes"


def main():
    worst = 0.0
    images = torch.from_numpy(formula.picture("publishers", 224)).permute(2, 0, 1)[None].float() / 127.5 - 1
    for name, build, answer in publishers(library("torchvision"), library("timm"), library("transformers")):
        encoder = ENCODERS[name]
        compare_names(encoder, build, name)
        theirs = build(BLOCKS).eval()
        fill(theirs, 0)
        mine = ours(encoder, BLOCKS)
        mine.load_state_dict(encoder.rename(checkpoint_of(theirs)), strict=True)
        with torch.inference_mode():
            expected, got = answer(theirs, images), mine(images)
        for output in mine.output_names:
            share = float((got[output] - expected[output]).abs().max() / expected[output].abs().max())
            worst = max(worst, share)
            print(f"{name} {output}: differs by {share:.1e} of the largest value")
    if not worst <= 1e-4:
        raise SystemExit(f"Something differs by {worst:.1e}.")


if __name__ == "__main__":
    main()
