import { readFile } from "node:fs/promises";
import { type InferenceSession, Tensor } from "onnxruntime-node";
import { type Device, knownAbsence, numbered } from "../onnx/providers.ts";
import { openGraphSession } from "../onnx/session.ts";
import { HistoError, isHistoError } from "../platform/errors.ts";
import type { EncoderCard } from "./encoder-card.ts";
import { PIXELS, prepareEncoder, VECTORS } from "./encoder-graph.ts";
import type { EncoderWorkerData, SkippedProvider } from "./encoder-messages.ts";
import { checkDigest } from "./inspect-model.ts";
import { stainFeeds } from "./stain-graph.ts";
import { compareVectors, type VectorDifference } from "./vector-difference.ts";

export type OpenedEncoder = {
  session: InferenceSession;
  provider: Device;
  skipped: SkippedProvider[];
  /** The graph that runs, to open it once more. */
  graph: Uint8Array;
  /** Where it computes in half precision: how far its vectors are from those of float32, on test patches. */
  halfDifference: VectorDifference | null;
};

/**
 * Opens an encoder on the first of `providers` that runs it, proven by one patch. For worker threads only.
 *
 * Throws MODEL_INCOMPATIBLE or DIMENSION_MISMATCH when model and card disagree, or when no provider runs the model.
 */
export const openEncoder = async (options: EncoderWorkerData): Promise<OpenedEncoder> => {
  const { card, precision, stain, computeInHalves } = options;
  const bytes = "file" in options.model ? await readModel(options.model.file) : options.model;
  checkDigest(bytes, card);
  const opened = await firstThatRuns(prepareEncoder(bytes, card, precision, { stain }), options);
  if (!computeInHalves || opened.provider === "cpu") return { ...opened, halfDifference: null };
  try {
    const graph = prepareEncoder(bytes, card, precision, { stain, computeInHalves });
    const { session, difference } = await openInHalves(graph, opened, options);
    await opened.session.release();
    return { ...opened, session, graph, halfDifference: difference };
  } catch (error) {
    const reason = `half precision: ${reasonOf(error)}`;
    return { ...opened, skipped: [...opened.skipped, { provider: opened.provider, reason }], halfDifference: null };
  }
};

/** Vectors of half precision that point elsewhere than those of float32 are not worth their speed. */
const LEAST_COSINE = 0.999;
const COMPARED_PATCHES = 4;

/** Throws where the device does not run it, or gives other vectors than in 32 bits. */
const openInHalves = async (
  graph: Uint8Array,
  { session: single, provider }: { session: InferenceSession; provider: Device },
  { card, threads, stain }: EncoderWorkerData,
): Promise<{ session: InferenceSession; difference: VectorDifference }> => {
  const session = await openGraphSession(graph, { provider, threads });
  try {
    const feeds = stain ? stainFeeds(null) : {};
    const pixels = texturedPatches(COMPARED_PATCHES, card.inputPixels);
    const [ours, theirs] = [
      await vectorsFor(session, pixels, card, feeds),
      await vectorsFor(single, pixels, card, feeds),
    ];
    const difference = compareVectors(ours, theirs, card.dims);
    if (!(difference.leastCosine >= LEAST_COSINE)) {
      throw new Error(`vectors have a cosine of ${difference.leastCosine.toFixed(4)} with those of float32`);
    }
    return { session, difference };
  } catch (error) {
    await session.release();
    throw error;
  }
};

/** Patches whose grey and grain differ: RGB bytes [patches, side, side, 3], always the same. */
export const texturedPatches = (patches: number, side: number): Uint8Array =>
  Uint8Array.from({ length: patches * side * side * 3 }, (_, at) => {
    const patch = Math.floor(at / (side * side * 3));
    const place = Math.floor(at / 3) % (side * side);
    const [x, y] = [place % side, Math.floor(place / side)];
    const wave = Math.sin(x / (3 + patch)) * Math.cos(y / (5 + patch)) * 60;
    return Math.max(0, Math.min(255, 140 + wave + (((at * 2_654_435_761) >>> 24) % 64)));
  });

const vectorsFor = async (
  session: InferenceSession,
  pixels: Uint8Array,
  card: EncoderCard,
  stain: Record<string, Tensor>,
) => {
  const { inputPixels: side } = card;
  const patches = pixels.length / (side * side * 3);
  const input = new Tensor("uint8", pixels, [patches, side, side, 3]);
  const { [VECTORS]: vectors } = await session.run({ [PIXELS]: input, ...stain });
  return vectorsOf(vectors);
};

const readModel = async (file: string): Promise<Uint8Array> => {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new HistoError("FILE_NOT_FOUND", "The encoder's ONNX file cannot be read.", {
      fix: "Register the encoder again.",
      cause,
    });
  }
};

const firstThatRuns = async (graph: Uint8Array, { card, providers, threads, stain }: EncoderWorkerData) => {
  const skipped: SkippedProvider[] = [];
  for (const asked of providers) {
    const absence = knownAbsence(asked, providers);
    if (absence !== null) {
      skipped.push({ provider: asked, reason: absence });
      continue;
    }
    try {
      const provider = numbered(asked);
      const session = await openGraphSession(graph, { provider, threads });
      await probe(session, card, stain ? stainFeeds(null) : {});
      return { session, provider, skipped, graph };
    } catch (error) {
      if (isHistoError(error)) throw error;
      skipped.push({ provider: asked, reason: reasonOf(error) });
    }
  }
  const reasons = skipped.map(({ provider, reason }) => `${provider}: ${reason}`).join("; ");
  throw new HistoError(
    "MODEL_INCOMPATIBLE",
    `Encoder "${card.key}" runs on none of the providers asked for: ${reasons}`,
    {
      fix: providers.includes("cpu")
        ? "Check the model with onnx.checker and export it again."
        : 'Choose other devices, or add "cpu" to the execution providers; the command doctor tells what is missing.',
      path: ["model"],
    },
  );
};

/** One black patch through the whole graph: shows that the provider has every operator, and the true dimensions. */
const probe = async (
  session: InferenceSession,
  { inputPixels, dims, key }: EncoderCard,
  stain: Record<string, Tensor>,
): Promise<void> => {
  const pixels = new Tensor("uint8", new Uint8Array(inputPixels ** 2 * 3), [1, inputPixels, inputPixels, 3]);
  const { [VECTORS]: vectors } = await session.run({ [PIXELS]: pixels, ...stain });
  const got = vectors?.dims ?? [];
  if (got.length !== 2 || got[1] !== dims) {
    throw new HistoError(
      "DIMENSION_MISMATCH",
      `Encoder "${key}" gives [${got.join(", ")}] for one patch, not [1, ${dims}].`,
      {
        fix: "Correct dims, output or pooling in the card.",
        path: ["card", "dims"],
      },
    );
  }
};

/** The first line of a message of ONNX Runtime, without the file names of its build. */
export const reasonOf = (error: unknown): string => {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
  return line.replace(/\S*[/\\]\S+\s*/g, "").trim();
};

export const vectorsOf = (tensor: Tensor | undefined): Float32Array | Uint16Array => {
  const data = tensor?.data;
  if (data instanceof Float32Array || data instanceof Uint16Array) return data;
  // Where the runtime knows Float16Array, halves arrive as that; they leave here as the bits that are stored.
  if (ArrayBuffer.isView(data) && data.BYTES_PER_ELEMENT === 2) {
    return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  }
  throw new Error("The encoder's output is not a tensor of floats.");
};
