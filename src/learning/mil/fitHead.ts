import type { TensorData } from "../../onnx/graph-thread.ts";
import { HistoError } from "../../platform/errors.ts";
import { bagFeeds, dropoutMask, epochSteps, fixedSample, packedRuns, type Step } from "./batches.ts";
import { decodeState, encodeState, type FoldState } from "./checkpoint.ts";
import { headParameters, initialParameters, lastWidth, outputCount, parameterCount } from "./headParameters.ts";
import { predictionsOf } from "./predictions.ts";
import { randomStream } from "./randomStream.ts";
import { type TargetScale, targetFeeds, targetScale } from "./targets.ts";
import { adamFeeds, lossAndGradient, only, type Trainer } from "./trainer.ts";
import type { EpochRecord, HeadDefinition, LabelledBag, Prediction, TrainingOptions } from "./types.ts";

export type FitInput = {
  head: HeadDefinition;
  train: readonly LabelledBag[];
  /** Empty: all epochs are run, and the last one counts. */
  validation: readonly LabelledBag[];
  options: TrainingOptions;
  /** Names the random streams: the same name and seed draw the same numbers. */
  stream: string;
  fingerprint: string;
  checkpoint: Uint8Array | null;
  signal?: AbortSignal | undefined;
  onEpoch(record: EpochRecord, validation: Prediction[], checkpoint: () => Promise<Uint8Array>): Promise<void>;
};

export type Fit = { epochs: EpochRecord[]; bestEpoch: number; parameters: Float32Array };

const vector = (data: Float32Array): TensorData => ({ type: "float32", dims: [data.length], data });
const MOMENTS = { parameters: "parameters", firstMoment: "firstMoment", secondMoment: "secondMoment" } as const;
const NEXT = {
  parametersNext: "parameters",
  firstMomentNext: "firstMoment",
  secondMomentNext: "secondMoment",
} as const;

const requireFinite = (loss: number): number => {
  if (Number.isFinite(loss)) return loss;
  throw new HistoError("NOT_FINITE", "The loss is no longer a finite number.", {
    fix: "Lower the learning rate, or scale the vectors.",
  });
};

/** Part of a mask for bags `from` to `to`. */
const maskFeed = (mask: Float32Array | null, width: number, from: number, to: number): Record<string, TensorData> =>
  mask
    ? { dropoutMask: { type: "float32", dims: [to - from, width], data: mask.slice(from * width, to * width) } }
    : {};

/**
 * Trains one head on one part of the patients. Stops when the validation loss has not fallen for `patience` epochs and
 * gives the parameters of its best epoch. Random numbers depend on seed, stream and epoch alone, so that a training that
 * is taken up from a checkpoint ends bit for bit where the uninterrupted one does (same machine, provider and threads).
 *
 * @throws NOT_FINITE when the loss is none; what reading the bags throws; the signal's reason.
 */
export const fitHead = async (trainer: Trainer, input: FitInput): Promise<Fit> => {
  const { head, train, validation, options, stream, signal } = input;
  const { thread, vectors } = trainer;
  const size = parameterCount(head);
  const scale = targetScale(head.task, train, options.classWeights);
  const state = input.checkpoint ? decodeState(input.checkpoint, input.fingerprint) : freshState(input, size);
  await thread.put("parameters", vector(state.parameters.slice()));
  await thread.put("firstMoment", vector(state.firstMoment.slice()));
  await thread.put("secondMoment", vector(state.secondMoment.slice()));
  const validationSample = fixedSample(
    validation,
    options.maxPatchesPerStep,
    randomStream("validation rows", options.seed, stream),
  );

  /** A step that fits into one run: everything in one graph. The feeds of the next one are read meanwhile. */
  const runWhole = async (
    feeds: Record<string, TensorData>,
    step: Step,
    mask: Float32Array | null,
  ): Promise<number> => {
    const { outputs } = await thread.run({
      graph: await trainer.ready("step"),
      feeds: {
        ...feeds,
        ...targetFeeds(
          head.task,
          step.map(({ bag }) => bag),
          scale,
        ),
        ...maskFeed(mask, lastWidth(head), 0, step.length),
        ...adamFeeds(options, state.steps + 1),
      },
      kept: MOMENTS,
      keep: NEXT,
      fetch: ["loss"],
    });
    return only(outputs, "loss")[0] ?? Number.NaN;
  };

  /** A step over several runs: all outputs first, their loss, and then each run's share of the gradient. */
  const runInParts = async (runs: Step[], step: Step, mask: Float32Array | null): Promise<number> => {
    const columns = outputCount(head.task);
    const width = lastWidth(head);
    const starts = runs.map((_, index) => runs.slice(0, index).reduce((total, run) => total + run.length, 0));
    const outputs = new Float32Array(step.length * columns);
    const parts = runs.map((run, index) => ({
      run,
      from: starts[index] as number,
      to: (starts[index] as number) + run.length,
    }));
    for (const { run, from, to } of parts) {
      const result = await thread.run({
        graph: await trainer.ready("forwardDropout"),
        feeds: { ...(await bagFeeds(head, run, vectors)), ...maskFeed(mask, width, from, to) },
        kept: { parameters: "parameters" },
        fetch: ["outputs"],
      });
      outputs.set(only(result.outputs, "outputs"), from * columns);
    }
    const bags = step.map(({ bag }) => bag);
    const { loss, gradient } = await lossAndGradient(trainer, head, bags, outputs, scale);
    await thread.put("gradient", vector(new Float32Array(size)));
    for (const { run, from, to } of parts) {
      await thread.run({
        graph: await trainer.ready("backward"),
        feeds: {
          ...(await bagFeeds(head, run, vectors)),
          ...maskFeed(mask, width, from, to),
          outputGradient: {
            type: "float32",
            dims: [to - from, columns],
            data: gradient.slice(from * columns, to * columns),
          },
        },
        kept: { parameters: "parameters", gradient: "gradient" },
        keep: { gradientNext: "gradient" },
        fetch: [],
      });
    }
    const updated = await thread.run({
      graph: await trainer.ready("update"),
      feeds: adamFeeds(options, state.steps + 1),
      kept: { ...MOMENTS, gradient: "gradient" },
      keep: NEXT,
      fetch: ["penalty"],
    });
    return loss + (only(updated.outputs, "penalty")[0] ?? 0);
  };

  const trainEpoch = async (epoch: number): Promise<number> => {
    const random = randomStream("epoch", options.seed, stream, epoch);
    const steps = epochSteps(head.task, train, options, random);
    const masks = steps.map((step) => dropoutMask(head, step.length, random));
    const runsOf = (step: Step): Step[] =>
      options.patchesPerRun === null ? [step] : packedRuns(step, options.patchesPerRun);
    const feedsOf = (step: Step | undefined): Promise<Record<string, TensorData>> | null =>
      step && runsOf(step).length === 1 ? bagFeeds(head, step, vectors) : null;
    let total = 0;
    let next = feedsOf(steps[0]);
    for (const [index, step] of steps.entries()) {
      signal?.throwIfAborted();
      const feeds = await next;
      const mask = masks[index] ?? null;
      const running = feeds ? runWhole(feeds, step, mask) : runInParts(runsOf(step), step, mask);
      next = feedsOf(steps[index + 1]);
      // Both are awaited in their turn; until then a failure of either must not count as unhandled.
      next?.catch(() => undefined);
      total += requireFinite(await running) * step.length;
      state.steps += 1;
    }
    return total / train.length;
  };

  const validate = async (): Promise<{ loss: number; predictions: Prediction[] } | null> => {
    if (validation.length === 0) return null;
    const columns = outputCount(head.task);
    const outputs = new Float32Array(validation.length * columns);
    let at = 0;
    for (const run of packedRuns(validationSample, options.maxPatchesPerStep)) {
      signal?.throwIfAborted();
      const result = await thread.run({
        graph: await trainer.ready("forward"),
        feeds: await bagFeeds(head, run, vectors),
        kept: { parameters: "parameters" },
        fetch: ["outputs"],
      });
      outputs.set(only(result.outputs, "outputs"), at);
      at += run.length * columns;
    }
    const { loss } = await lossAndGradient(trainer, head, validation, outputs, scale);
    const unscaled = outputs.map((value) => value * scale.deviation + scale.mean);
    return { loss: requireFinite(loss), predictions: predictionsOf(head.task, validation, unscaled) };
  };

  const kept = async (slot: string): Promise<Float32Array> => (await thread.get(slot)).data as Float32Array;
  const isOver = (): boolean =>
    state.epochs.length >= options.epochs ||
    (options.patience !== null &&
      validation.length > 0 &&
      state.epochs.length > 0 &&
      state.epochs.length - 1 - state.bestEpoch >= options.patience);

  while (!isOver()) {
    const began = performance.now();
    const epoch = state.epochs.length;
    const trainLoss = await trainEpoch(epoch);
    const validated = await validate();
    const record = { epoch, trainLoss, validationLoss: validated?.loss ?? null, tookMs: performance.now() - began };
    state.epochs.push(record);
    if (!validated || state.bestLoss === null || validated.loss < state.bestLoss) {
      state.bestEpoch = epoch;
      state.bestLoss = validated?.loss ?? null;
      state.bestParameters = await kept("parameters");
    }
    await input.onEpoch(record, validated?.predictions ?? [], async () =>
      encodeState({
        ...state,
        parameters: await kept("parameters"),
        firstMoment: await kept("firstMoment"),
        secondMoment: await kept("secondMoment"),
      }),
    );
    signal?.throwIfAborted();
  }
  return {
    epochs: state.epochs,
    bestEpoch: state.bestEpoch,
    parameters: unstandardised(head, state.bestParameters, scale),
  };
};

const freshState = ({ head, options, stream, fingerprint }: FitInput, size: number): FoldState => {
  const parameters = initialParameters(head, options.seed, stream);
  return {
    fingerprint,
    epochs: [],
    steps: 0,
    bestEpoch: 0,
    bestLoss: null,
    parameters,
    firstMoment: new Float32Array(size),
    secondMoment: new Float32Array(size),
    bestParameters: parameters,
  };
};

/** Regression is learnt on standardised values; the last layer takes the scale in, so that the head gives real ones. */
const unstandardised = (head: HeadDefinition, flat: Float32Array, { mean, deviation }: TargetScale): Float32Array => {
  if (head.task.kind !== "REGRESSION") return flat;
  const real = flat.slice();
  for (const { name, offset, size } of headParameters(head)) {
    const shift = name === "out.bias" ? mean : 0;
    if (name === "out.weight" || name === "out.bias") {
      for (let i = offset; i < offset + size; i++) real[i] = (real[i] ?? 0) * deviation + shift;
    }
  }
  return real;
};
