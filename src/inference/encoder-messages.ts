import type { Device } from "../onnx/providers.ts";
import type { StainMethod, StainTransform } from "../slides/index.ts";
import type { EncoderCard } from "./encoder-card.ts";
import type { VectorPrecision } from "./encoder-graph.ts";

/** What travels between the caller's thread and the threads in which encoders run. */
export type EncoderWorkerData = {
  card: EncoderCard;
  model: Uint8Array | { file: string };
  providers: readonly Device[];
  threads: number;
  precision: VectorPrecision;
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
};

export type SkippedProvider = { provider: Device; reason: string };

export type EncoderReady = { provider: Device; skipped: SkippedProvider[] };

export type EncoderCalls = { embed: { args: EmbedRequest; result: EmbeddedBatch } };
