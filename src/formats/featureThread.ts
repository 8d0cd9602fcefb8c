import { extname } from "node:path";
import { type CallThread, startCallThread } from "../onnx/call-thread.ts";
import { HistoError } from "../platform/errors.ts";
import type { Declared, FeatureFile } from "./types.ts";

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
  read: { args: { from: number; to: number }; result: { halves: Uint16Array<ArrayBuffer> } };
  digest: { args: null; result: { sha256: string } };
  close: { args: null; result: null };
};

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./feature-worker${extname(import.meta.url)}`, import.meta.url);

type Thread = CallThread<FeatureCalls, null>;

/** Threads that wait for a file; each has parsed the HDF5 library already. */
const idle: Thread[] = [];

const acquire = async (): Promise<Thread> =>
  idle.pop() ?? startCallThread<FeatureCalls, null>(WORKER, "features", null);

/** What a crash of a parser leaves is a thread less, not a program less. */
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
  /** Vectors of the slide that `next` gave, batch by batch; the next batch is read while one is used. */
  batches(slide: SlideHeader): AsyncGenerator<{ from: number; halves: Uint16Array<ArrayBuffer> }>;
  /** SHA-256 of the vectors of this slide, once `batches` has given them all. */
  digest(): Promise<string>;
};

const readBatches = (thread: Thread, { rows, dims }: SlideHeader) => {
  const step = Math.max(1, Math.floor(BATCH_BYTES / (2 * dims)));
  const read = async (from: number) => {
    if (from >= rows) return null;
    const { halves } = await thread.call("read", { from, to: Math.min(rows, from + step) });
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

/**
 * Runs `use` with a file that is parsed in a thread of its own.
 * @throws HistoError FORMAT_UNSUPPORTED, SLIDE_CORRUPT, and what is wrong with the features of a slide
 */
export const withFeatures = async <Result>(
  file: FeatureFile,
  use: (features: OpenedFeatures) => Promise<Result>,
): Promise<Result> => {
  const thread = await acquire();
  let hasEnded = false;
  thread.ended.then(() => {
    hasEnded = true;
  });
  try {
    await thread.call("open", file);
    const result = await use({
      next: () => thread.call("next", null),
      batches: (slide) => readBatches(thread, slide),
      digest: async () => (await thread.call("digest", null)).sha256,
    });
    return result;
  } catch (error) {
    throw hasEnded ? crashed(error) : error;
  } finally {
    await thread.call("close", null).then(
      () => idle.push(thread),
      () => {},
    );
  }
};
