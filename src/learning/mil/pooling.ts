import { compare, detached, divide, exp, multiply, subtract, toFloat, where } from "../../onnx/elementwise.ts";
import type { Dimension } from "../../onnx/graph-builder.ts";
import { matmul } from "../../onnx/products.ts";
import { max, sum } from "../../onnx/reductions.ts";
import { reshape, transpose } from "../../onnx/shaping.ts";
import type { Tape, Tensor } from "../../onnx/tape.ts";

// Pooling of patches by the segment (bag, or cluster of a bag) that each belongs to, as products with a one-hot matrix:
// bags of all sizes go through one graph, and their number and that of the patches stay free.

/** Far below every score, and finite, as 0 · ∞ is no number: e to the power of it is exactly 0. */
export const MINUS_INFINITY = -1e30;

export type Segments = {
  /** Segment of each patch, int32 `[patches]`. */
  index: Tensor;
  /** `[segments, patches]`, bool and as 0 or 1. */
  isMember: Tensor;
  members: Tensor;
};

/** `index` int32 `[patches]`; `ids` int32 `[segments]`: 0, 1, 2 … */
export const segmentsOf = (tape: Tape, index: Tensor, ids: Tensor): Segments => {
  const unsqueeze = (x: Tensor, axis: number, shape: Dimension[]): Tensor =>
    tape.apply("Unsqueeze", [x, tape.builder.integers([axis])], shape, null);
  const isMember = compare(
    tape,
    "Equal",
    unsqueeze(ids, 1, [ids.shape[0] as Dimension, 1]),
    unsqueeze(index, 0, [1, index.shape[0] as Dimension]),
  );
  return { index, isMember, members: toFloat(tape, isMember) };
};

/** Greatest value of each column in each segment: `[patches, k]` → `[segments, k]`. */
export const segmentMax = (tape: Tape, x: Tensor, { isMember }: Segments): Tensor => {
  const [segments, patches] = isMember.shape as [Dimension, Dimension];
  const columns = x.shape[1] as Dimension;
  const members = tape.apply("Unsqueeze", [isMember, tape.builder.integers([2])], [segments, patches, 1], null);
  const own = where(tape, members, reshape(tape, x, [1, patches, columns]), tape.constant([MINUS_INFINITY], []));
  return reshape(tape, max(tape, own, [1]), [segments, columns]);
};

/**
 * What a softmax-weighted mean over a segment is made of: the shift `[segments, channels]` that keeps exponentials
 * small, the sum of the exponentials `[segments, channels]`, and the patches weighed by them `[segments · channels, width]`.
 * Parts of one bag, pooled apart, can be put together (`mergedParts`): the online softmax of Milakov & Gimelshein 2018.
 */
export type SoftmaxParts = { shift: Tensor; total: Tensor; weighted: Tensor };

/** `values` `[patches, width]`, `scores` `[patches, channels]`. */
export const softmaxParts = (tape: Tape, values: Tensor, scores: Tensor, segments: Segments): SoftmaxParts => {
  const [segmentCount, patches] = segments.members.shape as [Dimension, Dimension];
  const channels = scores.shape[1] as number;
  // The shift cancels out, so no gradient belongs to it.
  const shift = segmentMax(tape, detached(scores), segments);
  const shiftOfPatch = tape.apply("Gather", [shift, segments.index], [patches, channels], null, { axis: { int: 0 } });
  const exponentials = exp(tape, subtract(tape, scores, shiftOfPatch));
  const byChannel = transpose(tape, exponentials, [1, 0]);
  const weights =
    channels === 1
      ? multiply(tape, segments.members, byChannel)
      : reshape(
          tape,
          multiply(
            tape,
            reshape(tape, segments.members, [segmentCount, 1, patches]),
            reshape(tape, byChannel, [1, channels, patches]),
          ),
          [segmentChannels(tape, segmentCount, channels), patches],
        );
  return {
    shift,
    total: matmul(tape, segments.members, exponentials),
    weighted: matmul(tape, weights, values),
  };
};

/** The dimension segments · channels. */
const segmentChannels = (tape: Tape, segments: Dimension, channels: number): Dimension => {
  if (typeof segments === "number") return segments * channels;
  const name = `${segments}*${channels}`;
  tape.setDimension(name, tape.builder.node("Mul", [tape.dimension(segments), tape.builder.integers([channels])]));
  return name;
};

/** The weighted means: `[segments · channels, width]`. */
export const softmaxMeans = (tape: Tape, { total, weighted }: SoftmaxParts): Tensor =>
  divide(tape, weighted, reshape(tape, total, [weighted.shape[0] as Dimension, 1]));

/** One bag from its parts: `shift` and `total` `[parts, channels]`, `weighted` `[parts, channels, width]`. */
export const mergedParts = (tape: Tape, { shift, total, weighted }: SoftmaxParts): SoftmaxParts => {
  const [parts, channels, width] = weighted.shape as [Dimension, number, number];
  const greatest = max(tape, shift, [0]);
  const factor = exp(tape, subtract(tape, shift, greatest));
  const scaled = multiply(tape, weighted, reshape(tape, factor, [parts, channels, 1]));
  return {
    shift: greatest,
    total: sum(tape, multiply(tape, total, factor), [0]),
    weighted: reshape(tape, sum(tape, scaled, [0]), [channels, width]),
  };
};
