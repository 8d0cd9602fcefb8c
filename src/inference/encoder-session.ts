import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Device } from "../onnx/providers.ts";
import { HistoError } from "../platform/errors.ts";
import type { StainMethod, StainTransform } from "../slides/index.ts";
import type { EncoderCard } from "./encoder-card.ts";
import type { VectorPrecision } from "./encoder-graph.ts";
import type { EmbeddedBatch, SkippedProvider } from "./encoder-messages.ts";
import { type EncoderThread, startEncoderThread } from "./encoder-thread.ts";

export type { EmbeddedBatch } from "./encoder-messages.ts";

export type PixelBatch = {
  /**
   * RGB bytes, row-major [patches, heightPixels, widthPixels, 3]; may be longer. Its buffer is transferred: unusable
   * here until `embed` gives it back. A view of a larger buffer is copied instead.
   */
  pixels: Uint8Array;
  patches: number;
  heightPixels: number;
  widthPixels: number;
  /** Somebody waits for this one: it goes before batches that were given earlier. */
  urgent?: boolean;
  /** Of the slide that the patches are of; needed where the session evens out staining. */
  stain?: StainTransform | null;
};

export type EncoderSession = {
  card: EncoderCard;
  /** What really runs. */
  provider: Device;
  /** Providers that were tried before it, each with the reason why it does not run here. */
  skipped: SkippedProvider[];
  dims: number;
  precision: VectorPrecision;
  /** Worker threads, each with its own copy of the encoder: give at least one batch more than that at a time. */
  threads: number;
  /**
   * Vectors of a batch. Several calls may be under way; they are answered in turn, urgent ones first.
   * Rejects with NOT_FINITE (`path` is `["vectors", row]`), BAD_ARGUMENT for a wrong size, or an Error when the thread ended.
   */
  embed(batch: PixelBatch): Promise<EmbeddedBatch>;
  close(): Promise<void>;
};

export type EncoderSessionOptions = {
  card: EncoderCard;
  /** The ONNX file's bytes, or where to read them; large models are better read by the worker, from a file. */
  model: Uint8Array | { file: string };
  /** In order of preference; the first that runs the model is taken. */
  providers?: readonly Device[];
  /** Threads per operator (CPU). */
  operatorThreads?: number;
  /** Worker threads that each hold the encoder. */
  threads?: number;
  precision?: VectorPrecision;
  /** How differences of staining are evened out before the encoder sees the pixels. */
  stain?: StainMethod | null;
  patchesPerRun?: number;
};

/** Copies of an encoder on one machine, and the memory that their weights may take together. */
const MOST_ENCODERS = 8;
const MOST_WEIGHT_BYTES = 2 ** 30;

/**
 * Threads for a machine with `cores`: encoders side by side, each with its share of the cores. One encoder whose
 * operators use several threads stands still at the end of every operator while a reader has one of its cores: 2 × 1
 * threads gave 1.2 times the patches/s of 1 × 2 beside reading on two cores.
 */
export const defaultThreads = (cores: number, modelBytes: number): { threads: number; operatorThreads: number } => {
  const affordable = Math.floor(MOST_WEIGHT_BYTES / Math.max(1, modelBytes));
  const threads = Math.max(1, Math.min(cores, MOST_ENCODERS, affordable));
  return { threads, operatorThreads: Math.max(1, Math.floor(cores / threads)) };
};

const sizeOfModel = async (model: Uint8Array | { file: string }): Promise<number> =>
  "file" in model ? ((await stat(model.file).catch(() => undefined))?.size ?? 0) : model.byteLength;

/**
 * Loads an encoder into worker threads, where ONNX Runtime may block as it does.
 *
 * Throws what `inspectModel` throws; MODEL_INCOMPATIBLE also when the digest is not the card's or no provider runs it.
 */
export const createEncoderSession = async (options: EncoderSessionOptions): Promise<EncoderSession> => {
  const { card, model, providers = ["cpu"], precision = card.precision } = options;
  if (providers.length === 0) {
    throw new HistoError("BAD_ARGUMENT", "No execution provider was given.", {
      fix: 'Name at least "cpu".',
      path: ["providers"],
    });
  }
  const defaults = defaultThreads(availableParallelism(), await sizeOfModel(model));
  const operatorThreads = options.operatorThreads ?? defaults.operatorThreads;
  const start = (allowed: readonly Device[]) =>
    startEncoderThread({
      card,
      model,
      providers: allowed,
      threads: operatorThreads,
      precision,
      stain: options.stain ?? null,
      patchesPerRun: options.patchesPerRun ?? null,
    });
  const first = await start(providers);
  // A graphics processor is shared badly by several copies of one model; cores are not.
  const wanted = options.threads ?? (first.provider === "cpu" ? defaults.threads : 1);
  const others = await Promise.allSettled(Array.from({ length: wanted - 1 }, () => start([first.provider])));
  const threads = [first, ...others.flatMap((other) => (other.status === "fulfilled" ? [other.value] : []))];
  const failed = others.find((other) => other.status === "rejected");
  if (failed) {
    await Promise.all(threads.map((thread) => thread.close()));
    throw failed.reason;
  }

  return {
    card,
    provider: first.provider,
    skipped: first.skipped,
    dims: card.dims,
    precision,
    threads: threads.length,
    embed: async ({ pixels, patches, heightPixels: height, widthPixels: width, urgent = false, stain = null }) => {
      const needed = patches * height * width * 3;
      if (!(patches > 0) || !(needed > 0) || pixels.byteLength < needed) {
        throw new HistoError(
          "BAD_ARGUMENT",
          `A batch of ${patches} patches of ${width} by ${height} pixels needs ${needed} bytes; there are ${pixels.byteLength}.`,
          { path: ["pixels"] },
        );
      }
      if (options.stain && !stain) {
        throw new HistoError("BAD_ARGUMENT", "The session evens out staining and was not told the slide's.", {
          path: ["stain"],
        });
      }
      return leastBusy(threads).embed({ pixels: transferable(pixels), patches, height, width, urgent, stain });
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
};

const leastBusy = (threads: readonly EncoderThread[]): EncoderThread =>
  threads.reduce((best, thread) => (thread.pending() < best.pending() ? thread : best));

/** Small Buffers are windows onto a shared pool, which must not be given away. */
const transferable = (pixels: Uint8Array): Uint8Array =>
  pixels.byteLength === pixels.buffer.byteLength && pixels.buffer instanceof ArrayBuffer ? pixels : pixels.slice();
