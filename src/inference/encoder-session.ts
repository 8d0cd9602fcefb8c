import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Device } from "../onnx/providers.ts";
import type { DeviceChoice } from "../platform/devices.ts";
import { HistoError } from "../platform/errors.ts";
import type { StainMethod, StainTransform } from "../slides/index.ts";
import type { BatchMemory } from "./batch-memory.ts";
import type { EncoderCard } from "./encoder-card.ts";
import { defaultThreads, openDevices } from "./encoder-devices.ts";
import type { VectorPrecision } from "./encoder-graph.ts";
import type { EmbeddedBatch, SkippedProvider } from "./encoder-messages.ts";
import { createEncoderPool } from "./encoder-pool.ts";
import { startEncoderThread } from "./encoder-thread.ts";
import type { VectorDifference } from "./vector-difference.ts";

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
  /** What really runs, as lineage names it: `cpu`, `cuda:0,cuda:1`, `webgpu/float16`. */
  provider: string;
  /** Providers that were tried before it, each with the reason why it does not run here. */
  skipped: SkippedProvider[];
  /** Of devices that compute in half precision: how far their vectors are from those of float32, on test patches. */
  halfDifferences: { ranOn: string; difference: VectorDifference }[];
  dims: number;
  precision: VectorPrecision;
  /** Worker threads, each with its own copy of the encoder: give at least one batch more than that at a time. */
  threads: number;
  /** Patches to give at a time: what the device that takes most runs at once, and 32 at least. */
  batchSize(): number;
  /** Devices, each with the patches of one run as they are now. */
  devices(): { device: Device; hardware: string; patchesPerRun: number }[];
  /**
   * Finds the patches of a run by measuring, for at most some two seconds a device, where `batchMemory` knows none; once,
   * however often it is called. Does nothing without `batchMemory`.
   */
  tune(): Promise<void>;
  /**
   * Vectors of a batch. Several calls may be under way; they are answered in turn, urgent ones first.
   * Rejects with NOT_FINITE (`path` is `["vectors", row]`), BAD_ARGUMENT for a wrong size, or an Error when the thread ended.
   */
  embed(batch: PixelBatch): Promise<EmbeddedBatch>;
  /** Whether no device of it runs anything any more: batches are refused, and only another session can help. */
  isLost(): boolean;
  close(): Promise<void>;
};

export type EncoderSessionOptions = {
  card: EncoderCard;
  /** The ONNX file's bytes, or where to read them; large models are better read by the worker, from a file. */
  model: Uint8Array | { file: string };
  /** In order of preference; the first that runs the model is taken, with every card that it has. */
  providers?: readonly Device[];
  /** Devices among which batches are shared, instead of the first provider that runs; all of them must. */
  devices?: readonly DeviceChoice[];
  /** Threads per operator (CPU). */
  operatorThreads?: number;
  /** Worker threads that each hold the encoder. */
  threads?: number;
  precision?: VectorPrecision;
  /** Half precision inside of the encoder, on cards, where the vectors are nearly those of float32. */
  computeInHalves?: boolean;
  /** How differences of staining are evened out before the encoder sees the pixels. */
  stain?: StainMethod | null;
  patchesPerRun?: number;
  batchMemory?: BatchMemory;
  /** Told once for each time that memory refused a run and halves of it are taken from then on. */
  onLessMemory?(what: { device: Device; from: number; to: number }): void;
  /** Told once of each thread that ended, or whose device runs nothing any more; the others go on without it. */
  onDeviceLost?(what: { device: Device; reason: string }): void;
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
  if (providers.length === 0 && !options.devices) {
    throw new HistoError("BAD_ARGUMENT", "No execution provider was given.", {
      fix: 'Name at least "cpu".',
      path: ["providers"],
    });
  }
  const modelBytes = await sizeOfModel(model);
  const operatorThreads = options.operatorThreads ?? defaultThreads(availableParallelism(), modelBytes).operatorThreads;
  const { devices, skipped } = await openDevices({
    providers,
    devices: options.devices ?? ["all"],
    threads: options.threads ?? null,
    modelBytes,
    start: (allowed) =>
      startEncoderThread({
        card,
        model,
        providers: allowed,
        threads: operatorThreads,
        precision,
        computeInHalves: options.computeInHalves ?? false,
        stain: options.stain ?? null,
        patchesPerRun: options.patchesPerRun ?? null,
      }),
  });
  const pool = createEncoderPool(devices, { operatorThreads, ...options });
  return {
    card,
    provider: [...new Set(devices.flatMap(({ threads }) => threads.map(({ ranOn }) => ranOn)))].join(","),
    skipped,
    halfDifferences: devices.flatMap(({ threads: [first] }) =>
      first?.halfDifference ? [{ ranOn: first.ranOn, difference: first.halfDifference }] : [],
    ),
    dims: card.dims,
    precision,
    threads: devices.reduce((sum, { threads }) => sum + threads.length, 0),
    batchSize: pool.batchSize,
    devices: pool.devices,
    tune: pool.tune,
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
      return pool.embed({ pixels: transferable(pixels), patches, height, width, urgent, stain });
    },
    isLost: pool.isLost,
    close: pool.close,
  };
};

/** Small Buffers are windows onto a shared pool, which must not be given away. */
const transferable = (pixels: Uint8Array): Uint8Array =>
  pixels.byteLength === pixels.buffer.byteLength && pixels.buffer instanceof ArrayBuffer ? pixels : pixels.slice();
