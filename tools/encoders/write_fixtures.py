"""Writes test/encoders: graphs without weights, and what PyTorch gives with weights by formula on pictures by formula.

    python tools/encoders/write_fixtures.py

The tests fill the graphs by the same formula and must find the same vectors, preprocessing and pooling included.
VGG16 goes without its hidden layers, whose 120 million weights export.py checks instead.
"""

import base64
import json
from pathlib import Path

import torch

import formula
from catalogue import ENCODERS
from export import fill, normalised, read_cards
from onnx_files import bytes_of, trace

FOLDER = Path(__file__).resolve().parents[2] / "test" / "encoders"
OUTPUTS = {"vgg16": ("conv5",), "resnet50": ("layer3", "layer4"), "vit-s16": ("tokens",)}
PICTURES = ("first", "second")
SEED = 0


def pooled(output, card):
    """One vector a picture, as the card's pooling says."""
    match card["pooling"]:
        case "mean":
            return output.mean((2, 3))
        case "cls-token":
            return output[:, 0]
        case "mean-token":
            return output[:, card["prefixTokens"] :].mean(1)
        case _:
            return output


def main():
    FOLDER.mkdir(exist_ok=True)
    vectors = {}
    for key, names in OUTPUTS.items():
        encoder = ENCODERS[key]
        model = encoder.build().eval()
        fill(model, SEED)
        cards = [card for card in read_cards(encoder) if card["output"] in names]
        side = cards[0]["inputPixels"]
        (FOLDER / f"{key}.onnx").write_bytes(bytes_of(trace(model, names, side)))
        images = normalised([formula.picture(name, side) for name in PICTURES], cards[0])
        with torch.inference_mode():
            outputs = model(images)
        for card in cards:
            values = pooled(outputs[card["output"]], card).contiguous().numpy().astype("<f4")
            vectors[card["key"]] = {
                "graph": f"{key}.onnx", "shape": list(values.shape),
                "float32": base64.b64encode(values.tobytes()).decode(),
            }
            print(card["key"], values.shape, f"{abs(values).max():.3g}", f"{torch.cosine_similarity(*torch.from_numpy(values), 0):.3f}")
    (FOLDER / "pytorch.json").write_text(
        json.dumps({"torch": torch.__version__, "seed": SEED, "pictures": PICTURES, "vectors": vectors}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
