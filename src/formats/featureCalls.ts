import { createHash } from "node:crypto";
import type { Service } from "../onnx/call-thread.ts";
import { HistoError, isHistoError } from "../platform/errors.ts";
import type { FeatureCalls } from "./featureThread.ts";
import { isGrown } from "./hdf5/library.ts";
import { openFeatures } from "./openFeatures.ts";
import type { FeatureSource, SlideVectors } from "./types.ts";

/** What a reader of features answers, in a thread or a process of its own; one file at a time. */
export const createFeatureCalls = (): Service<FeatureCalls, null> => {
  let source: FeatureSource | null = null;
  let slide: SlideVectors | null = null;
  /** Of the slide's places in the file's order: the places' own digest knows none. */
  let order = Buffer.alloc(0);
  let hash = createHash("sha256");
  let isTrusted = true;

  /** What a parser throws by itself may name files; that the file is at fault is all that its owner can use. */
  const asRefusal = async <Result>(parse: () => Promise<Result> | Result): Promise<Result> => {
    try {
      return await parse();
    } catch (error) {
      if (isHistoError(error)) throw error;
      // Whatever state it left its parser in must not meet another file.
      isTrusted = false;
      throw new HistoError("SLIDE_CORRUPT", "The file cannot be parsed.", {
        fix: "Copy or compute it again, or choose the layout that the file has.",
        cause: error,
      });
    }
  };
  const close = async () => {
    const open = source;
    source = null;
    slide = null;
    await open?.close();
  };
  return {
    ready: null,
    handlers: {
      async open(file) {
        await close();
        source = await asRefusal(() => openFeatures(file));
        return null;
      },
      async next() {
        slide = await asRefusal(async () => (await source?.next()) ?? null);
        if (!slide) return null;
        const { slideKey, patientKey, rows, dims, places, declared } = slide;
        const { x, y, digest, spacing } = places;
        // Before they are sent: then they are not here any more.
        order = createHash("sha256").update(x).update(y).digest();
        return { slideKey, patientKey, rows, dims, x, y, placesDigest: digest, spacing, declared };
      },
      async read({ from, to }) {
        const own = slide;
        if (!own) throw new Error("No slide is open.");
        const halves = await asRefusal(() => own.read(from, to));
        if (from === 0) hash = createHash("sha256").update(order);
        hash.update(new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength));
        return { halves };
      },
      digest: () => ({ sha256: hash.digest("hex") }),
      async close() {
        await close();
        return { isReusable: isTrusted && !isGrown() };
      },
    },
    close,
  };
};
