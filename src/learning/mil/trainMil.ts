import { startGraphThread } from "../../onnx/graph-thread.ts";
import { HistoError } from "../../platform/errors.ts";
import { checkBags, type Vectors } from "./batches.ts";
import { trainingFingerprint } from "./checkpoint.ts";
import { type Fit, fitHead } from "./fitHead.ts";
import { checkTargets, finalSplit, splitPatients } from "./folds.ts";
import { checkHead } from "./headParameters.ts";
import { openScoringGraphs, putScoredParameters, scoreBag } from "./scoring.ts";
import { createTrainer } from "./trainer.ts";
import type {
  FoldResult,
  LabelledBag,
  MilTraining,
  Prediction,
  Split,
  TrainingOptions,
  TrainMilInput,
} from "./types.ts";

export const DEFAULT_TRAINING: TrainingOptions = {
  seed: 0,
  epochs: 100,
  patience: 15,
  learningRate: 1e-4,
  weightDecay: 5e-4,
  optimiser: "ADAM",
  l1: 0,
  patientsPerStep: 16,
  maxPatchesPerStep: 4096,
  patchesPerRun: null,
  classWeights: true,
  validationShare: 0.2,
};

const checkOptions = (options: TrainingOptions): void => {
  const refuse = (name: keyof TrainingOptions, fix: string): never => {
    throw new HistoError("BAD_ARGUMENT", `${name} is ${options[name]}.`, { fix, path: ["options", name] });
  };
  for (const name of ["epochs", "patientsPerStep", "maxPatchesPerStep"] as const) {
    if (!(Number.isInteger(options[name]) && options[name] >= 1)) refuse(name, "Give a whole number from 1 upwards.");
  }
  for (const name of ["patience", "patchesPerRun"] as const) {
    const value = options[name];
    if (value !== null && !(Number.isInteger(value) && value >= 1))
      refuse(name, "Give a whole number from 1, or none.");
  }
  if (!(options.learningRate > 0 && Number.isFinite(options.learningRate))) {
    refuse("learningRate", "Give a number above 0.");
  }
  for (const name of ["weightDecay", "l1"] as const) {
    if (!(options[name] >= 0 && Number.isFinite(options[name]))) refuse(name, "Give a number from 0 upwards.");
  }
  if (!(options.validationShare > 0 && options.validationShare < 1)) {
    refuse("validationShare", "Give a share between 0 and 1.");
  }
};

/** Which precision the bags give: their first vector tells. */
const vectorsOf = async (bag: LabelledBag): Promise<Vectors> =>
  (await bag.read(Uint32Array.of(0))).vectors instanceof Uint16Array ? "float16" : "float32";

/**
 * Trains a head fold by fold, predicts the test patients of each fold with its own parameters, and then trains on all patients.
 * Patients never stand on two sides. The same seed, bags, provider and threads give the same folds and numbers.
 *
 * @throws BAD_ARGUMENT, DUPLICATE_KEY, DIMENSION_MISMATCH, NOT_FINITE, TOO_FEW_PATIENTS, ALL_CENSORED, CLASS_TOO_SMALL, LEAKAGE;
 * CONFLICT for a state to resume from that belongs to another training; the signal's reason when it is aborted.
 */
export const trainMil = async (input: TrainMilInput): Promise<MilTraining> => {
  const { head, bags, options, signal } = input;
  checkHead(head);
  checkOptions(options);
  checkBags(bags);
  const [first] = bags;
  if (!first) {
    throw new HistoError("TOO_FEW_PATIENTS", "There is no bag to learn from.", {
      fix: "Choose patients with vectors.",
    });
  }
  checkTargets(head.task, bags);
  const splits = splitPatients(head.task, bags, input.splits, options);
  const vectors = await vectorsOf(first);
  const finished = new Map(input.resume?.folds.map((fold) => [fold.index, fold]));

  const thread = await startGraphThread(input.engine);
  try {
    await openScoringGraphs(thread, head, vectors);
    const trainer = createTrainer(thread, head, vectors, options);
    const of = (patients: readonly string[]): LabelledBag[] => {
      const wanted = new Set(patients);
      return bags.filter(({ patient }) => wanted.has(patient));
    };
    // The checkpoint is of the first fold that is not finished.
    let checkpoint = input.resume?.checkpoint ?? null;

    const fitSplit = async (split: Split, isFinal: boolean): Promise<Fit> => {
      const saved = checkpoint;
      checkpoint = null;
      return fitHead(trainer, {
        head,
        train: of(split.trainPatients),
        validation: of(split.validationPatients),
        options,
        stream: isFinal ? "final" : `fold ${split.index}`,
        fingerprint: trainingFingerprint(head, options, split),
        checkpoint: saved,
        signal,
        onEpoch: async (record, validation, checkpointNow) => {
          await input.onEpoch?.({
            fold: isFinal ? null : split.index,
            folds: splits.length,
            epochs: options.epochs,
            record,
            validation,
            checkpoint: checkpointNow,
          });
        },
      });
    };

    const predict = async (parameters: Float32Array, tested: readonly LabelledBag[]): Promise<Prediction[]> => {
      await putScoredParameters(thread, parameters);
      const predictions: Prediction[] = [];
      for (const bag of tested) {
        signal?.throwIfAborted();
        const { attention: _, clusterAttention: __, ...prediction } = await scoreBag(thread, head, vectors, bag);
        predictions.push(prediction);
      }
      return predictions;
    };

    const runSplit = async (split: Split, isFinal: boolean): Promise<FoldResult> => {
      const before = finished.get(split.index);
      if (before) {
        if (before.testPatients.join("\n") !== split.testPatients.join("\n")) {
          throw new HistoError("CONFLICT", "A finished fold belongs to a training with other patients.", {
            fix: "Start the training again.",
          });
        }
        return before;
      }
      const fitted = await fitSplit(split, isFinal);
      const hasBaseline = head.task.kind === "SURVIVAL" && head.task.likelihood === "COX";
      const result = {
        ...split,
        ...fitted,
        predictions: await predict(fitted.parameters, of(split.testPatients)),
        trainPredictions: hasBaseline ? await predict(fitted.parameters, of(split.trainPatients)) : [],
      };
      await input.onFold?.(result);
      return result;
    };

    const folds: FoldResult[] = [];
    for (const split of splits) folds.push(await runSplit(split, false));
    const final = await runSplit(finalSplit(head.task, bags, splits.length, options), true);
    return { folds, final };
  } finally {
    await thread.close();
  }
};
