"""Writes an encoder of the field as ONNX, with its cards, from a checkpoint that you have.

    python tools/encoders/export.py resnet50 --weights resnet50-0676ba61.pth --out models
    python tools/encoders/export.py vit-s16 --random 0 --out models

Nothing is downloaded. The file is compared with PyTorch on four pictures before it is written.
"""

import argparse
import json
import pickle
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

import formula
from catalogue import ENCODERS
from onnx_files import (
    attach, bytes_of, differences, refuse_difference, refuse_too_large, sha256, tensors_of, trace,
)

CARDS = Path(__file__).resolve().parents[2] / "encoders" / "cards"


def read_checkpoint(path):
    """Tensors by name; a checkpoint that keeps them one level down (`model`, `state_dict`) is opened."""
    if path.suffix == ".safetensors":
        return load_file(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise SystemExit(
            "The checkpoint holds more than tensors, which could run anything. If you trust it, load it once with "
            "weights_only=False, and save its tensors alone."
        ) from error
    for level in ("state_dict", "model"):
        if level in state and isinstance(state[level], dict):
            state = state[level]
    return state


def load(encoder, model, weights):
    state = {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
    try:
        model.load_state_dict(encoder.rename(state), strict=True)
    except RuntimeError as error:
        raise SystemExit(f"The checkpoint is another network's. {error}") from error


def fill(model, seed):
    """Weights by formula, the same everywhere."""
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.from_numpy(formula.weight(name, tuple(value.shape), seed)))


def normalised(pictures, card):
    """Bytes [N, side, side, 3] as the network takes them [N, 3, side, side], by the card's pixelScale."""
    scale = card["pixelScale"]
    images = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    if "range" in scale:
        low, high = scale["range"]
        return images * (high - low) + low
    mean, std = (torch.tensor(scale[key], dtype=torch.float32)[:, None, None] for key in ("mean", "std"))
    return (images - mean) / std


def read_cards(encoder):
    return [json.loads((CARDS / f"{name}.json").read_text()) for name in encoder.cards]


def written_card(card, digest, seed):
    """A card for the file that was written; weights by formula say so, and can never pass for the real ones."""
    if seed is None:
        return card | {"digest": digest}
    said = {"key": f"{card['key']}-random", "name": f"{card['name']} (random weights)", "licence": "Apache-2.0"}
    return card | said | {"digest": digest, "origin": f"tools/encoders/formula.py, seed {seed}", "citation": None}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", choices=ENCODERS)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--weights", type=Path, help="the published checkpoint: .pth, .bin or .safetensors")
    source.add_argument("--random", type=int, metavar="SEED", help="weights by formula, to try the way without the weights")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of the .onnx file and its cards")
    parser.add_argument(
        "--store", choices=["float32", "float16", "int8"], default="float32",
        help="how large weights are kept; computing stays in float32",
    )
    options = parser.parse_args()

    encoder = ENCODERS[options.encoder]
    cards = read_cards(encoder)
    model = encoder.build().eval()
    tensors = tensors_of(model)
    refuse_too_large(tensors, options.store)
    if options.weights:
        load(encoder, model, read_checkpoint(options.weights))
    else:
        fill(model, options.random)

    side, names = cards[0]["inputPixels"], model.output_names
    encoded = bytes_of(attach(trace(model, names, side), tensors, options.store))
    images = normalised([formula.picture(f"check {at}", side) for at in range(4)], cards[0])
    refuse_difference(differences(model, encoded, names, images), options.store)

    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / f"{options.encoder}.onnx"
    file.write_bytes(encoded)
    digest = sha256(encoded)
    print(f"{file}: {len(encoded)} bytes, SHA-256 {digest}")
    for card in cards:
        written = written_card(card, digest, options.random)
        path = options.out / f"{written['key']}.json"
        path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")
        print(path)


if __name__ == "__main__":
    main()
