"""From a PyTorch module to one self-contained ONNX file, and back to numbers that show both agree."""

import hashlib
import io
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
# A file of protocol buffers ends at 2 GiB, and so do the readers of ONNX Runtime.
MOST_BYTES = 2**31 - 1
# How far an output may be from PyTorch's, as a share of the largest value of that output.
TOLERANCE = {"float32": 1e-4, "float16": 2e-2, "int8": 1e-1}
# Tensors below this many values keep full precision: norms, biases, stems.
SMALL = 2**14


class Tuple(torch.nn.Module):
    """The chosen outputs of a model that answers with a dictionary, in order."""

    def __init__(self, model, names):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, images):
        outputs = self.model(images)
        return tuple(outputs[name] for name in self.names)


def trace(model, names, side):
    """The graph alone: the model's weights are inputs beside `input`, under the names of its state dict."""
    stream = io.BytesIO()
    free = {0: "batch"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Tuple(model, names).eval(), (torch.zeros(2, 3, side, side),), stream, dynamo=False, export_params=False,
            do_constant_folding=False, opset_version=OPSET, input_names=["input"], output_names=list(names),
            dynamic_axes={name: free for name in ["input", *names]},
        )
    structure = onnx.load_model_from_string(stream.getvalue())
    structure.producer_name, structure.producer_version = "histoql", ""
    structure.graph.name = "encoder"
    rename = {value.name: value.name.removeprefix("model.") for value in structure.graph.input}
    for value in structure.graph.input:
        value.name = rename[value.name]
    for node in structure.graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
        node.input[:] = [rename.get(name, name) for name in node.input]
    del structure.graph.value_info[:]
    return structure


def tensors_of(model):
    """Every weight and buffer by name, those that follow from the sizes included."""
    return {name: tensor.detach() for name, tensor in [*model.named_parameters(), *model.named_buffers()]}


def attach(structure, tensors, stored="float32"):
    """A model that holds its weights: `stored` in float32, float16, or int8 with a scale per row; it computes in float32."""
    model = onnx.ModelProto()
    model.CopyFrom(structure)
    graph = model.graph
    weights = [value.name for value in graph.input if value.name != "input"]
    images = next(value for value in structure.graph.input if value.name == "input")
    del graph.input[:]
    graph.input.append(images)
    front = []
    for name in weights:
        values = np.ascontiguousarray(tensors[name].cpu().numpy())
        if values.dtype != np.float32 or stored == "float32" or values.size < SMALL:
            graph.initializer.append(numpy_helper.from_array(values, name))
        elif stored == "float16":
            graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{name}/half"))
            front.append(helper.make_node("Cast", [f"{name}/half"], [name], to=TensorProto.FLOAT))
        else:
            rows = np.abs(values).reshape(len(values), -1).max(1)
            scale = np.where(rows > 0, rows / 127, 1).astype(np.float32)
            whole = np.rint(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
            graph.initializer.append(numpy_helper.from_array(whole, f"{name}/int8"))
            graph.initializer.append(numpy_helper.from_array(scale, f"{name}/scale"))
            inputs = [f"{name}/int8", f"{name}/scale"]
            front.append(helper.make_node("DequantizeLinear", inputs, [name], axis=0))
    nodes = [*front, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def refuse_too_large(tensors, stored):
    """Ends the program when one ONNX file cannot hold the weights."""
    width = {"float32": 4, "float16": 2, "int8": 1}[stored]
    size = sum(tensor.numel() for tensor in tensors.values()) * width
    if size > MOST_BYTES:
        raise SystemExit(
            f"The weights take {size / 2**30:.2f} GiB in {stored}, and one ONNX file ends at 2: see --store."
        )


def bytes_of(model):
    """The file, the same for the same model."""
    return model.SerializeToString(deterministic=True)


def sha256(encoded):
    return hashlib.sha256(encoded).hexdigest()


def differences(model, encoded, names, images):
    """Largest difference of each output from PyTorch's over `images` [N, 3, side, side], and the output's largest value.

    One image goes alone and the others together, so a batch axis that is not free shows.
    """
    session = onnxruntime.InferenceSession(encoded, providers=["CPUExecutionProvider"])
    found = {name: (0.0, 0.0) for name in names}
    for part in (images[:1], images[1:]):
        with torch.inference_mode():
            outputs = model(part)
        for name, got in zip(names, session.run(list(names), {"input": part.numpy()})):
            expected = outputs[name].numpy()
            far, large = found[name]
            found[name] = (
                max(far, float(np.abs(got - expected).max())), max(large, float(np.abs(expected).max())),
            )
    return found


def refuse_difference(found, stored):
    """Prints each output's difference; ends the program when one is beyond what its storage explains."""
    for name, (far, large) in found.items():
        print(f"{name}: differs from PyTorch by at most {far:.2e}, of values up to {large:.3g} ({far / large:.1e})")
    worst = max(far / large for far, large in found.values())
    if not worst <= TOLERANCE[stored]:
        raise SystemExit(f"Nothing was written: {worst:.1e} is more than {TOLERANCE[stored]:.0e}.")
