import { createGraphBuilder, int, ints } from "../onnx/graph-builder.ts";
import { encodeOnnx } from "../onnx/proto.ts";
import type { EncoderCard } from "./encoder-card.ts";
import { PIXELS } from "./encoder-graph.ts";

export const RESIZED = "histoql_resized";

/**
 * A graph that brings uint8 [N, height, width, 3] of any size to [N, inputPixels, inputPixels, 3]: separable, with the
 * filter widened when shrinking (antialiased) and weights renormalised at the border, as Pillow's `Image.resize` does.
 *
 * It is a graph of its own because encoders come in operator sets below 18, which have no antialiasing; and it always
 * runs on the CPU, so that the same region gives the same bytes to every execution provider.
 */
export const resizeGraph = ({ inputPixels, resize }: Pick<EncoderCard, "inputPixels" | "resize">): Uint8Array => {
  const builder = createGraphBuilder();
  const pixels = builder.input(PIXELS, "uint8", ["patches", "height", "width", 3]);
  const sizes = builder.integers([inputPixels, inputPixels]);
  builder.node(
    "Resize",
    [pixels, "", "", sizes],
    {
      antialias: int(1),
      axes: ints(1, 2),
      mode: resize === "bicubic" ? "cubic" : "linear",
      // Keys' parameter as Pillow has it; ONNX's own default is -0.75.
      cubic_coeff_a: -0.5,
      exclude_outside: int(1),
      coordinate_transformation_mode: "half_pixel",
    },
    RESIZED,
  );
  builder.output(RESIZED, "uint8", ["patches", inputPixels, inputPixels, 3]);
  return encodeOnnx(builder.model({ opset: 18, name: "resize" }));
};
