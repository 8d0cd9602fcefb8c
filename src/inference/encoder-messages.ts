import type { Provider } from "../onnx/providers.ts";
import type { PlainError } from "../platform/plain-error.ts";
import type { EncoderCard } from "./encoder-card.ts";
import type { VectorPrecision } from "./encoder-graph.ts";

/** What travels between the caller's thread and the threads in which encoders run. */
export type EncoderWorkerData = {
  card: EncoderCard;
  model: Uint8Array | { file: string };
  providers: readonly Provider[];
  threads: number;
  precision: VectorPrecision;
  /** Patches per run of the graph; a batch is cut into runs of at most so many. Null: the provider's default. */
  patchesPerRun: number | null;
};

export type EmbedRequest = {
  kind: "embed";
  id: number;
  pixels: Uint8Array;
  patches: number;
  height: number;
  width: number;
  /** Somebody waits for this one: it goes before batches that were sent earlier, and between the runs of the one under way. */
  urgent: boolean;
};
export type WorkerRequest = EmbedRequest | { kind: "close" };

export type SkippedProvider = { provider: Provider; reason: string };

export type WorkerReply =
  | { kind: "ready"; provider: Provider; skipped: SkippedProvider[] }
  | { kind: "embedded"; id: number; vectors: Float32Array | Uint16Array; pixels: Uint8Array }
  | { kind: "failed"; id: number | null; error: PlainError };
