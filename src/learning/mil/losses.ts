import { add, compare, divide, multiply, negate, softplus, subtract, where } from "../../onnx/elementwise.ts";
import type { Dimension } from "../../onnx/graph-builder.ts";
import { logSumExp, mean, sum } from "../../onnx/reductions.ts";
import { reshape } from "../../onnx/shaping.ts";
import type { Tape, Tensor } from "../../onnx/tape.ts";
import { outputCount } from "./headParameters.ts";
import { MINUS_INFINITY } from "./pooling.ts";
import type { MilTask } from "./types.ts";

/** The target's inputs of a graph by name; what they hold stands at `lossOf`. */
export type TargetInputs = Readonly<Record<string, Tensor>>;

/** Names and shapes of the inputs that a task's loss reads, all float32. */
export const targetShapes = (task: MilTask): Record<string, Dimension[]> => {
  switch (task.kind) {
    case "SURVIVAL":
      return task.likelihood === "COX"
        ? { time: ["bags"], event: ["bags"] }
        : { died: ["bags", outputCount(task)], lived: ["bags", outputCount(task)] };
    case "CLASSIFICATION":
      return { label: ["bags", outputCount(task)], weight: ["bags"] };
    case "REGRESSION":
      return { value: ["bags"] };
  }
};

export const declareTargets = (tape: Tape, task: MilTask): TargetInputs =>
  Object.fromEntries(
    Object.entries(targetShapes(task)).map(([name, shape]) => [name, tape.input(name, "float32", shape)]),
  );

const target = (targets: TargetInputs, name: string): Tensor => {
  const tensor = targets[name];
  if (!tensor) throw new Error(`The loss needs ${name}.`);
  return tensor;
};

/**
 * Cox's partial likelihood with Breslow's ties: −1/n Σᵢ eventᵢ (rᵢ − ln Σ_{j: tⱼ ≥ tᵢ} exp rⱼ), over all n bags of the
 * step, as DeepAttnMISL has it (Yao et al. 2020, equation 6).
 */
const coxLoss = (tape: Tape, outputs: Tensor, targets: TargetInputs): Tensor => {
  const bags = outputs.shape[0] as Dimension;
  const time = target(targets, "time");
  const column = (x: Tensor): Tensor => reshape(tape, x, [bags, 1]);
  const row = (x: Tensor): Tensor => reshape(tape, x, [1, bags]);
  const isAtRisk = compare(tape, "GreaterOrEqual", row(time), column(time));
  const risks = where(tape, isAtRisk, row(outputs), tape.constant([MINUS_INFINITY], []));
  const terms = multiply(tape, column(target(targets, "event")), subtract(tape, outputs, logSumExp(tape, risks, [1])));
  return negate(tape, reshape(tape, mean(tape, terms, [0]), []));
};

/**
 * Discrete-time likelihood: with hazards σ(z), −1/n Σ died·ln h + lived·ln(1 − h) (Gensheimer & Narasimhan 2019). `died`
 * is 1 in the interval of the event, `lived` is 1 in those that were survived.
 */
const discreteLoss = (tape: Tape, outputs: Tensor, targets: TargetInputs): Tensor => {
  const death = multiply(tape, target(targets, "died"), softplus(tape, negate(tape, outputs)));
  const life = multiply(tape, target(targets, "lived"), softplus(tape, outputs));
  return reshape(tape, mean(tape, sum(tape, add(tape, death, life), [1]), [0]), []);
};

/** Σ wᵢ (ln Σ exp zᵢ − z of the label) / Σ wᵢ: cross-entropy as PyTorch weighs it. `label` is one-hot. */
const crossEntropy = (tape: Tape, outputs: Tensor, targets: TargetInputs): Tensor => {
  const bags = outputs.shape[0] as Dimension;
  const weight = reshape(tape, target(targets, "weight"), [bags, 1]);
  const ofLabel = sum(tape, multiply(tape, outputs, target(targets, "label")), [1]);
  const terms = multiply(tape, weight, subtract(tape, logSumExp(tape, outputs, [1]), ofLabel));
  return reshape(tape, divide(tape, sum(tape, terms, [0]), sum(tape, weight, [0])), []);
};

/** Mean squared error; `value` is standardised. */
const squaredError = (tape: Tape, outputs: Tensor, targets: TargetInputs): Tensor => {
  const bags = outputs.shape[0] as Dimension;
  const error = subtract(tape, outputs, reshape(tape, target(targets, "value"), [bags, 1]));
  return reshape(tape, mean(tape, multiply(tape, error, error), [0]), []);
};

/** The loss of a task as a scalar: outputs `[bags, outputs]`, targets as `targetShapes` says. */
export const lossOf = (tape: Tape, task: MilTask, outputs: Tensor, targets: TargetInputs): Tensor => {
  switch (task.kind) {
    case "SURVIVAL":
      return task.likelihood === "COX" ? coxLoss(tape, outputs, targets) : discreteLoss(tape, outputs, targets);
    case "CLASSIFICATION":
      return crossEntropy(tape, outputs, targets);
    case "REGRESSION":
      return squaredError(tape, outputs, targets);
  }
};
