import { absolute, add, divide, multiply, scale, squareRoot, subtract, toFloat } from "../../onnx/elementwise.ts";
import { encodeOnnx } from "../../onnx/proto.ts";
import { sum } from "../../onnx/reductions.ts";
import { reshape } from "../../onnx/shaping.ts";
import { createTape, type Tape, type Tensor } from "../../onnx/tape.ts";
import { lastWidth, outputCount, parameterCount, usesClusters, usesCoordinates } from "./headParameters.ts";
import { bagOutputs, flatGradient, namedParameters, type Parameters } from "./heads.ts";
import { declareTargets, lossOf } from "./losses.ts";
import { segmentsOf } from "./pooling.ts";
import type { HeadDefinition } from "./types.ts";

export type VectorType = "float32" | "float16";

/** Adam's (Kingma & Ba 2015) decay rates and ε; PyTorch's defaults. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

export type GraphOptions = { vectors: VectorType; optimiser: "ADAM" | "ADAMW"; hasL1: boolean };

/** Declares what a batch of bags feeds, and builds the forward pass: `[bags, outputs]`. */
const forwardPass = (
  tape: Tape,
  head: HeadDefinition,
  parameters: Parameters,
  { vectors }: Pick<GraphOptions, "vectors">,
  isTraining: boolean,
): Tensor => {
  const given = tape.input("features", vectors, ["patches", head.dims]);
  const features = vectors === "float16" ? toFloat(tape, given) : given;
  const coordinates = usesCoordinates(head) ? tape.input("coordinates", "float32", ["patches", 2]) : null;
  const segmentName = usesClusters(head) ? "segments" : "bags";
  const segments = segmentsOf(
    tape,
    tape.input("segment", "int32", ["patches"]),
    tape.input("segmentIds", "int32", [segmentName]),
  );
  const mask =
    isTraining && head.dropout > 0 && head.architecture !== "MAX_POOL"
      ? tape.input("dropoutMask", "float32", ["bags", lastWidth(head)])
      : null;
  return bagOutputs(tape, head, parameters, { features, coordinates }, segments, "bags", mask);
};

const declareParameters = (tape: Tape, head: HeadDefinition): Tensor =>
  tape.input("parameters", "float32", [parameterCount(head)]);

/**
 * One step of Adam over the flat arrays, as PyTorch's: with ADAM the decay is added to the gradient, with ADAMW
 * (Loshchilov & Hutter 2019) taken from the parameters. `stepSize` is rate/(1 − β₁ᵗ), `secondScale` 1/√(1 − β₂ᵗ).
 */
const adamStep = (tape: Tape, parameters: Tensor, gradient: Tensor, optimiser: GraphOptions["optimiser"]): void => {
  const size = parameters.shape;
  const scalar = (name: string): Tensor => tape.input(name, "float32", []);
  const first = tape.input("firstMoment", "float32", size);
  const second = tape.input("secondMoment", "float32", size);
  // Declared for both; PyTorch multiplies by 1 − rate · decay for AdamW.
  const decay = scalar("decay");
  const g = optimiser === "ADAM" ? add(tape, gradient, multiply(tape, parameters, decay)) : gradient;
  const kept = optimiser === "ADAM" ? parameters : multiply(tape, parameters, decay);
  const firstNext = add(tape, scale(tape, first, ADAM.beta1), scale(tape, g, 1 - ADAM.beta1));
  const secondNext = add(tape, scale(tape, second, ADAM.beta2), scale(tape, multiply(tape, g, g), 1 - ADAM.beta2));
  const denominator = scale(tape, multiply(tape, squareRoot(tape, secondNext), scalar("secondScale")), 1, ADAM.epsilon);
  const update = multiply(tape, divide(tape, firstNext, denominator), scalar("stepSize"));
  tape.output(subtract(tape, kept, update), "parametersNext");
  tape.output(firstNext, "firstMomentNext");
  tape.output(secondNext, "secondMomentNext");
};

/** λ·Σ|θ| and its gradient, added to a loss and a gradient. */
const withL1 = (tape: Tape, flat: Tensor, loss: Tensor, gradient: Tensor): { loss: Tensor; gradient: Tensor } => {
  const weight = tape.input("l1", "float32", []);
  const norm = reshape(tape, sum(tape, absolute(tape, flat), [0]), []);
  const sign = tape.apply("Sign", [flat], flat.shape, null);
  return {
    loss: add(tape, loss, multiply(tape, norm, weight)),
    gradient: add(tape, gradient, multiply(tape, sign, weight)),
  };
};

const finished = (tape: Tape, name: string): Uint8Array => encodeOnnx(tape.model(name));

/**
 * Graphs that train one head, with all parameters in one flat array:
 * - `step`: bags and targets in; loss, outputs and the next parameters and moments out;
 * - `forward`: bags in, `outputs` out, without dropout; `forwardDropout` with it;
 * - `loss`: outputs and targets in; `loss` and the derivative by the outputs (`outputGradient`) out;
 * - `backward`: bags and `outputGradient` in; `gradient` plus this batch's share as `gradientNext` out. With `loss` between
 *   the two passes a step's gradient is exact however many runs its bags are spread over (Cox needs all risks at once);
 * - `update`: the gradient in, the next parameters and moments out.
 */
export const trainingGraphs = (head: HeadDefinition, options: GraphOptions) => ({
  step: (): Uint8Array => {
    const tape = createTape();
    const flat = declareParameters(tape, head);
    const parameters = namedParameters(tape, head, flat, true);
    const outputs = forwardPass(tape, head, parameters, options, true);
    const plain = lossOf(tape, head.task, outputs, declareTargets(tape, head.task));
    const plainGradient = flatGradient(tape, head, plain, parameters);
    const { loss, gradient } = options.hasL1
      ? withL1(tape, flat, plain, plainGradient)
      : { loss: plain, gradient: plainGradient };
    tape.output(loss, "loss");
    adamStep(tape, flat, gradient, options.optimiser);
    return finished(tape, "step");
  },
  forward: (): Uint8Array => {
    const tape = createTape();
    const parameters = namedParameters(tape, head, declareParameters(tape, head), false);
    tape.output(forwardPass(tape, head, parameters, options, false), "outputs");
    return finished(tape, "forward");
  },
  forwardDropout: (): Uint8Array => {
    const tape = createTape();
    const parameters = namedParameters(tape, head, declareParameters(tape, head), false);
    tape.output(forwardPass(tape, head, parameters, options, true), "outputs");
    return finished(tape, "forwardDropout");
  },
  loss: (): Uint8Array => {
    const tape = createTape();
    const outputs = tape.leaf(tape.input("outputs", "float32", ["bags", outputCount(head.task)]));
    const loss = lossOf(tape, head.task, outputs, declareTargets(tape, head.task));
    tape.output(loss, "loss");
    tape.output(tape.gradients(loss, [outputs])[0] as Tensor, "outputGradient");
    return finished(tape, "loss");
  },
  backward: (): Uint8Array => {
    const tape = createTape();
    const flat = declareParameters(tape, head);
    const parameters = namedParameters(tape, head, flat, true);
    const outputs = forwardPass(tape, head, parameters, options, true);
    const upstream = tape.input("outputGradient", "float32", outputs.shape);
    const product = reshape(tape, sum(tape, multiply(tape, outputs, upstream), [0, 1]), []);
    const before = tape.input("gradient", "float32", flat.shape);
    tape.output(add(tape, before, flatGradient(tape, head, product, parameters)), "gradientNext");
    return finished(tape, "backward");
  },
  update: (): Uint8Array => {
    const tape = createTape();
    const flat = declareParameters(tape, head);
    const given = tape.input("gradient", "float32", flat.shape);
    const { loss, gradient } = options.hasL1
      ? withL1(tape, flat, tape.constant([0], []), given)
      : { loss: tape.constant([0], []), gradient: given };
    tape.output(loss, "penalty");
    adamStep(tape, flat, gradient, options.optimiser);
    return finished(tape, "update");
  },
});

export type TrainingGraph = keyof ReturnType<typeof trainingGraphs>;
