"""Writes any PyTorch network as ONNX: what a Python function builds, with your own card.

    python tools/encoders/export_module.py timm:create_model \\
        --arguments '{"model_name": "vit_small_patch8_224", "num_classes": 0}' --weights model.safetensors --card mine.json
    python tools/encoders/export_module.py transformers:AutoModel.from_pretrained \\
        --arguments '{"pretrained_model_name_or_path": "/models/phikon-v2", "local_files_only": true}' --card mine.json

The function comes from a module that is installed or lies in the current folder. The card names the output and how it is
pooled (encoders/README.md); its `output` is the name that the one tensor gets, `last_hidden_state` included.
"""

import argparse
import importlib
import json
import operator
import sys
from pathlib import Path

import torch

import formula
from export import normalised, read_checkpoint, written_card
from onnx_files import (
    attach, bytes_of, differences, refuse_difference, refuse_too_large, sha256, tensors_of, trace,
)


class Named(torch.nn.Module):
    """A network that answers {name: tensor}; of transformers' answers the last hidden state is taken."""

    def __init__(self, network, name):
        super().__init__()
        self.network, self.name = network, name

    def forward(self, images):
        output = self.network(images)
        return {self.name: output if torch.is_tensor(output) else output.last_hidden_state}


def build(place, arguments):
    module, _, name = place.partition(":")
    sys.path.insert(0, "")
    return operator.attrgetter(name)(importlib.import_module(module))(**arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="module:function that gives the network")
    parser.add_argument("--arguments", type=json.loads, default={}, help="its named arguments, as JSON")
    parser.add_argument("--weights", type=Path, help="a checkpoint with the network's own names")
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("."))
    parser.add_argument("--store", choices=["float32", "float16", "int8"], default="float32")
    options = parser.parse_args()

    card = json.loads(options.card.read_text())
    network = build(options.model, options.arguments).float()
    if options.weights:
        network.load_state_dict(read_checkpoint(options.weights), strict=True)
    model, names, side = Named(network, card["output"]).eval(), (card["output"],), card["inputPixels"]

    tensors = tensors_of(model)
    refuse_too_large(tensors, options.store)
    encoded = bytes_of(attach(trace(model, names, side), tensors, options.store))
    images = normalised([formula.picture(f"check {at}", side) for at in range(4)], card)
    refuse_difference(differences(model, encoded, names, images), options.store)

    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{card['key']}.onnx").write_bytes(encoded)
    (options.out / f"{card['key']}.json").write_text(
        json.dumps(written_card(card, sha256(encoded), None), indent=2, ensure_ascii=False) + "\n"
    )
    print(f"{options.out / card['key']}.onnx: {len(encoded)} bytes, SHA-256 {sha256(encoded)}")


if __name__ == "__main__":
    main()
