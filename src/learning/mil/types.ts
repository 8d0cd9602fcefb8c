import type { Device } from "../../onnx/providers.ts";

/** How the patches of a bag become one prediction. */
export type MilArchitecture = "DEEP_ATTN_MISL" | "ABMIL" | "GATED_ABMIL" | "SELF_ATTENTION" | "MEAN_POOL" | "MAX_POOL";

/**
 * What is predicted. `COX` gives a log relative risk; `DISCRETE` gives hazards of the intervals that `cutsDays` part
 * (the last interval is open), and from them survival and risk.
 */
export type MilTask =
  | { kind: "SURVIVAL"; likelihood: "COX" }
  | { kind: "SURVIVAL"; likelihood: "DISCRETE"; cutsDays: readonly number[] }
  | { kind: "CLASSIFICATION"; classes: readonly string[] }
  | { kind: "REGRESSION" };

/** One head: with its parameters it is a model. Everything that the graphs depend on stands here. */
export type HeadDefinition = {
  architecture: MilArchitecture;
  task: MilTask;
  /** Length of a patch's vector. */
  dims: number;
  /** Width of the layer (linear, ReLU) in front of the pooling; null: the vectors are pooled as they are. */
  hidden: number | null;
  /** Width of the attention's hidden layer. */
  attentionHidden: number;
  /** Width of the layer (linear, ReLU) behind the pooling; null: none. */
  headHidden: number | null;
  /** Share of the bag's representation that is dropped while training. */
  dropout: number;
  /** Clusters of each bag (DEEP_ATTN_MISL), of which some may be absent. */
  clusters: number;
  /** Latent queries (SELF_ATTENTION), at most 256: the cost is linear in patches. */
  latents: number;
};

/** Rows of one bag. */
export type BagRows = {
  /** Row-major `[rows, dims]`; half precision as its 16 bits. */
  vectors: Float32Array | Uint16Array;
  /** Cluster of each row, from 0 (DEEP_ATTN_MISL). */
  clusters?: ArrayLike<number> | undefined;
  /** `[rows, 2]`: x and y in millimetres from the centre of the slide's patches (SELF_ATTENTION). */
  coordinatesMillimetres?: Float32Array | undefined;
};

export type MilTarget = { timeDays: number; event: boolean } | { label: string } | { value: number };

/** A patient or a slide: what gets one prediction. */
export type MilBag = {
  /** Unique among the bags. */
  key: string;
  /** Bags of one patient stay together in every split. */
  patient: string;
  /** Number of patches. */
  patches: number;
  /** Gives the named rows in this order, or all for null. Called again for every epoch. */
  read(rows: Uint32Array | null): Promise<BagRows>;
};

export type LabelledBag = MilBag & {
  target: MilTarget;
  /** Bags of one group (a site) stay together, where folds are by group. */
  group?: string | undefined;
};

/** Whose patients are tested in which fold. */
export type MilSplits =
  | { kind: "FOLDS"; count: number; repeats: number }
  /** As FOLDS, but a whole group (`LabelledBag.group`) is on one side. */
  | { kind: "GROUPS"; count: number | null }
  /** Test patients of each fold; the others train. */
  | { kind: "GIVEN"; testPatients: readonly (readonly string[])[] };

export type TrainingOptions = {
  seed: number;
  epochs: number;
  /** Epochs without a better validation loss after which a fold ends; null: all epochs, and the last one counts. */
  patience: number | null;
  learningRate: number;
  weightDecay: number;
  /** ADAM adds the decay to the gradient, as PyTorch's Adam(weight_decay); ADAMW takes it from the parameter. */
  optimiser: "ADAM" | "ADAMW";
  /** Weight of the sum of absolute parameters in the loss. */
  l1: number;
  /** Bags (of different patients where possible) in one step of the optimiser. */
  patientsPerStep: number;
  /** Patches in one step; larger bags are sampled, anew in each epoch. */
  maxPatchesPerStep: number;
  /** Patches in one run of a graph; a step with more accumulates its exact gradient over several. Null: one run. */
  patchesPerRun: number | null;
  /** Classes weigh the same, however many bags they have. */
  classWeights: boolean;
  /** Share of a fold's training patients that early stopping looks at; they are not trained on. */
  validationShare: number;
};

/** Where graphs run. */
export type EngineOptions = {
  provider: Device;
  /** Threads of one operator (CPU). */
  threads: number;
};

/** What a head says of a bag; what its task does not give is null. */
export type Prediction = {
  key: string;
  patient: string;
  /** Log relative risk (COX), or minus the expected number of survived intervals (DISCRETE): higher dies sooner. */
  risk: number | null;
  /** Probability to survive each of the intervals (DISCRETE). */
  survival: number[] | null;
  /** By class, in the order of the task's classes. */
  probabilities: number[] | null;
  value: number | null;
};

export type BagScore = Prediction & {
  /** Weight of each patch; they sum to 1. */
  attention: Float32Array;
  /** Weight of each cluster (DEEP_ATTN_MISL); exactly 0 for an absent one. */
  clusterAttention: Float32Array | null;
};

export type EpochRecord = { epoch: number; trainLoss: number; validationLoss: number | null; tookMs: number };

export type Split = {
  /** From 0, over all repeats. */
  index: number;
  repeat: number;
  trainPatients: string[];
  validationPatients: string[];
  testPatients: string[];
};

export type FoldResult = Split & {
  epochs: EpochRecord[];
  /** The epoch whose parameters these are. */
  bestEpoch: number;
  /** All parameters of the head, flat, in the order of `headParameters`. */
  parameters: Float32Array;
  /** Of the test patients' bags, with whole bags. */
  predictions: Prediction[];
  /** Of the bags that trained it (COX alone): what its baseline hazard is estimated from. Never out-of-fold. */
  trainPredictions: Prediction[];
};

export type EpochEvent = {
  /** Fold, or null for the final model on all patients. */
  fold: number | null;
  folds: number;
  epochs: number;
  record: EpochRecord;
  /** Of the validation bags, so that the caller can tell more than the loss. */
  validation: Prediction[];
  /** Everything that this fold needs to go on after this epoch, bit for bit. */
  checkpoint(): Promise<Uint8Array>;
};

export type TrainMilInput = {
  head: HeadDefinition;
  bags: readonly LabelledBag[];
  splits: MilSplits;
  options: TrainingOptions;
  engine: EngineOptions;
  /** Awaited after every epoch. */
  onEpoch?: ((event: EpochEvent) => void | Promise<void>) | undefined;
  /** Awaited after every fold; keep what it gives to resume. */
  onFold?: ((fold: FoldResult) => void | Promise<void>) | undefined;
  /** What an interrupted run had: finished folds, and the last checkpoint of the one under way. */
  resume?: { folds: readonly FoldResult[]; checkpoint: Uint8Array | null } | undefined;
  signal?: AbortSignal | undefined;
};

export type MilTraining = {
  folds: FoldResult[];
  /** Trained on all patients but a validation part: the model to score new patients with. */
  final: FoldResult;
};

/** What another program needs to know to run an exported head. */
export type HeadCard = {
  format: "histoql-mil-head";
  version: 1;
  head: HeadDefinition;
  /** SHA-256 of the ONNX file. */
  digest: string;
  opset: number;
  inputs: { name: string; type: string; dims: (string | number)[]; meaning: string }[];
  outputs: { name: string; type: string; dims: (string | number)[]; meaning: string }[];
};
