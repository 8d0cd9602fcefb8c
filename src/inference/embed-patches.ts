import { HistoError, isHistoError } from "../platform/errors.ts";
import type { StainTransform } from "../slides/index.ts";
import type { EncoderSession } from "./encoder-session.ts";
import { createLimiter } from "./limiter.ts";
import type { PatchMeasurer } from "./quality-thread.ts";

export type EmbedPatchesOptions = {
  /** Number of patches; they are read and written in the order 0, 1, 2, … */
  patches: number;
  /**
   * RGB bytes of a patch's region, row-major [regionHeightPixels, regionWidthPixels, 3]. A reader may fill `target`,
   * which lies in the batch, and return it: that saves the copy.
   */
  readPatch(index: number, target: Uint8Array): Promise<Uint8Array>;
  regionWidthPixels: number;
  regionHeightPixels: number;
  session: Pick<EncoderSession, "embed" | "threads">;
  /** Of the slide, where the session evens out staining. */
  stain?: StainTransform | null;
  /** Measures the quality of each patch on its way to the encoder, from the same bytes. */
  measurer?: Pick<PatchMeasurer, "measure"> | null;
  /** Patches of a batch, 32 by default; fewer where their regions are large, as `affordableBatch` says. */
  batchSize?: number;
  /** Reads under way at a time. */
  readConcurrency?: number;
  /**
   * Batches that are being read, embedded or written at a time: what bounds the memory. The default leaves every thread
   * one batch beyond the one it works at.
   */
  batchesInFlight?: number;
  signal?: AbortSignal;
  /**
   * Takes what became of patches first … first + count - 1. Called strictly in order, one call at a time, so that a
   * checkpoint written with a batch covers everything before it.
   */
  onBatch(first: number, count: number, batch: FinishedBatch): Promise<void>;
};

export type FinishedBatch = {
  /** Row-major [count, dims]; half precision as its 16 bits. */
  vectors: Float32Array | Uint16Array;
  /** What was measured of the patches, [count, measures]; null without a measurer. */
  measures: Float32Array | null;
  /** What ran the encoder, as lineage names it. */
  ranOn: string;
};

/** What the pixels of one batch may take, but for a batch of one patch. */
export const MOST_BATCH_BYTES = 96 * 2 ** 20;

/**
 * So many patches at a time as the session wants, or fewer where their regions are large: of a slide without coarser levels a
 * patch of 224 pixels at 4 µm/px is a region of 38 MB.
 */
export const affordableBatch = (
  wanted: number,
  { widthPixels, heightPixels }: { widthPixels: number; heightPixels: number },
): number => {
  const affordable = Math.floor(MOST_BATCH_BYTES / (widthPixels * heightPixels * 3));
  return Math.min(wanted, Math.max(1, affordable));
};

/**
 * Reads, embeds and writes patches as an assembly line: while one batch is embedded the next ones are read and the one
 * before is written. Memory is `batchesInFlight` batches, whatever the number of patches; their buffers are reused.
 *
 * The first failure (of a read, the encoder, a write) or the signal stops the line: nothing new is begun, nothing more
 * is written, and the promise rejects with that failure (or the signal's reason) once all that was under way has ended.
 */
export const embedPatches = async (options: EmbedPatchesOptions): Promise<void> => {
  const { patches, regionWidthPixels, regionHeightPixels, session, signal } = options;
  const {
    batchSize: wanted = 32,
    readConcurrency = 8,
    stain = null,
    measurer,
    // One more where a batch stops over to be measured.
    batchesInFlight = Math.max(session.threads + 3, 2 * session.threads + 1) + (measurer ? 1 : 0),
  } = options;
  for (const [name, value] of Object.entries({ batchSize: wanted, readConcurrency, batchesInFlight })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new HistoError("BAD_ARGUMENT", `${name} must be a whole number of at least 1, not ${value}.`, {
        path: [name],
      });
    }
  }
  signal?.throwIfAborted();

  const batchSize = affordableBatch(wanted, { widthPixels: regionWidthPixels, heightPixels: regionHeightPixels });
  const bytesPerPatch = regionWidthPixels * regionHeightPixels * 3;
  const failures: unknown[] = [];
  const fail = (error: unknown): void => void failures.push(error);
  const stopped = (): boolean => failures.length > 0;
  const onAbort = (): void => fail(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });

  const reads = createLimiter(readConcurrency);
  const batches = createLimiter(batchesInFlight);
  const buffers: Uint8Array[] = [];

  const read = async (index: number, target: Uint8Array): Promise<void> => {
    try {
      const bytes = await options.readPatch(index, target);
      if (bytes.byteLength !== bytesPerPatch) throw wrongSize(index, bytes.byteLength, bytesPerPatch);
      if (bytes !== target) target.set(bytes);
    } catch (error) {
      fail(error);
    } finally {
      reads.release();
    }
  };

  const finish = async (
    batch: { first: number; count: number; pixels: Uint8Array; reading: Promise<void>[] },
    before: Promise<void>,
  ): Promise<void> => {
    const { first, count } = batch;
    try {
      await Promise.all(batch.reading);
      if (stopped()) return;
      const region = { height: regionHeightPixels, width: regionWidthPixels };
      const measured = await measurer?.measure({ pixels: batch.pixels, patches: count, ...region });
      if (stopped()) return;
      const { vectors, pixels, ranOn } = await session.embed({
        pixels: measured?.pixels ?? batch.pixels,
        patches: count,
        heightPixels: regionHeightPixels,
        widthPixels: regionWidthPixels,
        stain,
      });
      buffers.push(pixels);
      await before;
      if (stopped()) return;
      await options.onBatch(first, count, { vectors, measures: measured?.measures ?? null, ranOn });
    } catch (error) {
      fail(withPatchNumber(error, first));
    } finally {
      batches.release();
    }
  };

  let last: Promise<void> = Promise.resolve();
  const finishing: Promise<void>[] = [];
  for (let first = 0; first < patches && !stopped(); first += batchSize) {
    await batches.acquire();
    const count = Math.min(batchSize, patches - first);
    const pixels = buffers.pop() ?? new Uint8Array(batchSize * bytesPerPatch);
    const reading: Promise<void>[] = [];
    for (let row = 0; row < count && !stopped(); row++) {
      await reads.acquire();
      // What stopped the line may have happened during the wait.
      if (stopped()) reads.release();
      else reading.push(read(first + row, pixels.subarray(row * bytesPerPatch, (row + 1) * bytesPerPatch)));
    }
    last = finish({ first, count, pixels, reading }, last);
    finishing.push(last);
    if (finishing.length > batchesInFlight) finishing.shift();
  }
  await Promise.all(finishing);
  signal?.removeEventListener("abort", onAbort);
  if (stopped()) throw failures[0];
};

const wrongSize = (index: number, got: number, expected: number): HistoError =>
  new HistoError("DIMENSION_MISMATCH", `Patch ${index} was read as ${got} bytes; its region has ${expected}.`);

/** The session counts rows within its batch; the caller knows patches of the slide. */
const withPatchNumber = (error: unknown, first: number): unknown => {
  if (!isHistoError(error) || error.code !== "NOT_FINITE") return error;
  const patch = first + Number(error.inputPath?.at(-1));
  return new HistoError("NOT_FINITE", error.message.replace(/patch \d+ of a batch/, `patch ${patch}`), {
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    path: ["patches", String(patch)],
    cause: error,
  });
};
