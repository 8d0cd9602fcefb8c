import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { type CallThread, startCallThread } from "../onnx/call-thread.ts";
import { HistoError, isHistoError } from "../platform/errors.ts";
import { startFeatureProcess } from "./featureProcess.ts";
import type { Declared, FeatureFile, FeatureLayout } from "./types.ts";

/** One slide of a file, without its vectors. */
export type SlideHeader = {
  slideKey: string | null;
  patientKey: string | null;
  rows: number;
  dims: number;
  /** Left upper corners in level-0 pixels, row by row. */
  x: Int32Array;
  y: Int32Array;
  placesDigest: string;
  spacing: number | null;
  declared: Declared;
};

/** What a thread can be asked, of one file at a time. */
export type FeatureCalls = {
  open: { args: FeatureFile; result: null };
  next: { args: null; result: SlideHeader | null };
  read: { args: { from: number; to: number }; result: { halves: Uint16Array } };
  digest: { args: null; result: { sha256: string } };
  /** Whether the reader is fit for another file. */
  close: { args: null; result: { isReusable: boolean } };
};

/** Whoever reads a file for us. */
export type FeatureReader = Pick<CallThread<FeatureCalls, null>, "call"> & {
  /** Ends it at once, whatever it is at. */
  kill(): Promise<void>;
};

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./feature-worker${extname(import.meta.url)}`, import.meta.url);

/** Threads that wait for a file; each has parsed the HDF5 library already. */
const idle: FeatureReader[] = [];

const startThread = async (): Promise<FeatureReader> => {
  const thread = await startCallThread<FeatureCalls, null>(WORKER, "features", null);
  const reader = { call: thread.call, kill: thread.terminate };
  thread.ended.then(() => {
    const place = idle.indexOf(reader);
    if (place >= 0) idle.splice(place, 1);
  });
  return reader;
};

const isProcess = (layout: FeatureLayout): boolean => layout === "ARROW" || layout === "PARQUET";

const acquire = async (layout: FeatureLayout): Promise<FeatureReader> =>
  isProcess(layout) ? startFeatureProcess() : (idle.pop() ?? startThread());

const release = async (layout: FeatureLayout, reader: FeatureReader): Promise<void> => {
  const isReusable = await reader.call("close", null).then(
    (answer) => answer.isReusable,
    () => false,
  );
  if (isReusable && !isProcess(layout)) idle.push(reader);
  else await reader.kill();
};

/** What a crash of a parser leaves is a reader less, not a program less. */
const crashed = (cause: unknown): HistoError =>
  new HistoError("SLIDE_CORRUPT", "The file made its parser fail.", {
    fix: "Copy or compute it again; other files are not affected.",
    cause,
  });

/** A megabyte of vectors at a time: one batch is read and one sent while the database takes another. */
const BATCH_BYTES = 2 ** 20;

export type OpenedFeatures = {
  /** The next slide; null behind the last. */
  next(): Promise<SlideHeader | null>;
  /**
   * Vectors of the slide that `next` gave, batch by batch; the next batch is read while one is used. Its memory is used again: what
   * must stay when the next one is asked for has to be copied.
   */
  batches(slide: SlideHeader): AsyncGenerator<{ from: number; halves: Uint16Array }>;
  /** SHA-256 of this slide's places and vectors in the file's order, once `batches` has given them all. */
  digest(): Promise<string>;
};

type Ask = FeatureReader["call"];

const readBatches = (ask: Ask, { rows, dims }: SlideHeader) => {
  const step = Math.max(1, Math.floor(BATCH_BYTES / (2 * dims)));
  const read = async (from: number) => {
    if (from >= rows) return null;
    const { halves } = await ask("read", { from, to: Math.min(rows, from + step) });
    return { from, halves };
  };
  return (async function* () {
    let next = read(0);
    try {
      for (let batch = await next; batch; batch = await next) {
        next = read(batch.from + step);
        // Told to whoever asks for it; a batch that nobody asks for must not end the program.
        next.catch(() => {});
        yield batch;
      }
    } finally {
      await next.catch(() => {});
    }
  })();
};

/** No part of a file takes so long to read, but a damaged one may send its parser in a circle, the HDF5 library's too. */
const longestCallMs = async (file: string): Promise<number> => {
  const bytes = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  return LEAST_MS + bytes / SLOWEST_BYTES_PER_MS;
};
const LEAST_MS = 60_000;
/** A megabyte a second. */
const SLOWEST_BYTES_PER_MS = 1000;

const askUntil =
  (reader: FeatureReader, longestMs: number, signal: AbortSignal | undefined): Ask =>
  async (name, args) => {
    const timer = setTimeout(() => reader.kill(), longestMs);
    timer.unref();
    try {
      return await reader.call(name, args);
    } catch (error) {
      signal?.throwIfAborted();
      throw isHistoError(error) ? error : crashed(error);
    } finally {
      clearTimeout(timer);
    }
  };

/**
 * Runs `use` with a file that is parsed in a thread or process of its own.
 * @param signal ends the parser, wherever it is
 * @throws HistoError FORMAT_UNSUPPORTED, SLIDE_CORRUPT, and what is wrong with the features of a slide
 */
export const withFeatures = async <Result>(
  file: FeatureFile,
  use: (features: OpenedFeatures) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> => {
  const longestMs = await longestCallMs(file.file);
  const reader = await acquire(file.layout);
  const ask = askUntil(reader, longestMs, signal);
  const kill = () => void reader.kill();
  signal?.addEventListener("abort", kill, { once: true });
  try {
    signal?.throwIfAborted();
    await ask("open", file);
    return await use({
      next: () => ask("next", null),
      batches: (slide) => readBatches(ask, slide),
      digest: async () => (await ask("digest", null)).sha256,
    });
  } finally {
    await release(file.layout, reader);
    signal?.removeEventListener("abort", kill);
  }
};
