import type { Device } from "../onnx/providers.ts";
import type { StainMethod, StainTransform } from "../slides/index.ts";
import type { EncoderCard } from "./encoder-card.ts";
import type { VectorPrecision } from "./encoder-graph.ts";
import type { VectorDifference } from "./vector-difference.ts";

/** What travels between the caller's thread and the threads in which encoders run. */
export type EncoderWorkerData = {
  card: EncoderCard;
  model: Uint8Array | { file: string };
  /** In order of preference; the first that runs the model is taken. */
  providers: readonly Device[];
  threads: number;
  precision: VectorPrecision;
  /** Half precision inside of the encoder, where the device is a card. */
  computeInHalves: boolean;
  /** How staining is evened out in front of the encoder; every batch then says what its slide's is. */
  stain: StainMethod | null;
  /** Patches per run of the graph; a batch is cut into runs of at most so many. Null: the provider's default. */
  patchesPerRun: number | null;
};

export type EmbedRequest = {
  pixels: Uint8Array;
  patches: number;
  height: number;
  width: number;
  /** For an encoder that evens out staining: of the slide that the patches are of. */
  stain: StainTransform | null;
  /** Somebody waits for this one: it goes before batches that were sent earlier, and between the runs of the one under way. */
  urgent: boolean;
};

export type EmbeddedBatch = {
  /** Row-major [patches, dims]; half precision as its 16 bits. */
  vectors: Float32Array | Uint16Array;
  /** The pixel buffer that was given away, back for the next batch. */
  pixels: Uint8Array;
  /** What ran it, as lineage names it: `cpu`, `cuda:1`, `webgpu/float16`. */
  ranOn: string;
};

/** A batch, and how many patches a run of its thread takes since then: fewer where memory refused more. */
export type ThreadBatch = EmbeddedBatch & { patchesPerRun: number };

export type SkippedProvider = { provider: Device; reason: string };

export type EncoderReady = {
  /** What really runs: a card by its number. */
  provider: Device;
  skipped: SkippedProvider[];
  /** The device by its maker's name. */
  hardware: string;
  /** NVIDIA cards of this machine, where the encoder runs on one. */
  cards: number;
  /** What ran, as lineage names it. */
  ranOn: string;
  /** Where it computes in half precision: how far its vectors are from those of float32, on test patches. */
  halfDifference: VectorDifference | null;
  /** SHA-256 of the graph that runs, hexadecimal: the model, its preprocessing and its precision. */
  graphDigest: string;
  /** Version of ONNX Runtime. */
  runtime: string;
  patchesPerRun: number;
};

/** Throughput of runs of so many patches. */
export type BatchTrial = { patchesPerRun: number; patchesPerSecond: number };

export type EncoderCalls = {
  embed: { args: EmbedRequest; result: ThreadBatch };
  /** Measures runs of these sizes, ascending, until they gain nothing, memory refuses one or the time is over. */
  sweep: { args: { candidates: readonly number[]; budgetMs: number }; result: { trials: BatchTrial[] } };
  setPatchesPerRun: { args: { patches: number; atMost: boolean }; result: null };
};
