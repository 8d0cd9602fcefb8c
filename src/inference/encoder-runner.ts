import { readFile } from "node:fs/promises";
import { type InferenceSession, Tensor } from "onnxruntime-node";
import { type Device, knownAbsence } from "../onnx/providers.ts";
import { openGraphSession } from "../onnx/session.ts";
import { providerOf } from "../platform/devices.ts";
import { HistoError, isHistoError, UnreachableCaseError } from "../platform/errors.ts";
import type { EncoderCard } from "./encoder-card.ts";
import { PIXELS, prepareEncoder, VECTORS } from "./encoder-graph.ts";
import type { EncoderWorkerData, SkippedProvider } from "./encoder-messages.ts";
import { checkDigest } from "./inspect-model.ts";
import { firstNonFiniteRow } from "./non-finite.ts";
import { RESIZED, resizeGraph } from "./resize-graph.ts";

/**
 * Small runs keep a convolution's activations in the cache of a CPU, and need less memory: 464 patches/s with 2 a run
 * against 319 with 8 (EfficientNet-Lite0 to block 11, two encoders of one thread). A GPU wants the whole batch.
 */
const patchesPerRunOn = (device: Device, threads: number): number => {
  const provider = providerOf(device);
  switch (provider) {
    case "cpu":
      return 2 * threads;
    case "webgpu":
      return 64;
    case "cuda":
      return 256;
    default:
      throw new UnreachableCaseError(provider);
  }
};

export type EncoderRunner = {
  provider: Device;
  skipped: SkippedProvider[];
  /** Vectors [patches, dims] of uint8 RGB regions [patches, height, width, 3]. Blocks its thread while it computes. */
  embed(pixels: Uint8Array, patches: number, height: number, width: number): Promise<Float32Array | Uint16Array>;
  close(): Promise<void>;
};

/**
 * Opens an encoder on the first of `providers` that runs it, proven by one patch. For worker threads only.
 *
 * Throws MODEL_INCOMPATIBLE or DIMENSION_MISMATCH when model and card disagree, or when no provider runs the model.
 */
export const openEncoderRunner = async (options: EncoderWorkerData): Promise<EncoderRunner> => {
  const { card, precision, threads } = options;
  const bytes = "file" in options.model ? await readModel(options.model.file) : options.model;
  checkDigest(bytes, card);
  const prepared = prepareEncoder(bytes, card, precision);
  const { session, provider, skipped } = await firstThatRuns(prepared, options);
  const patchesPerRun = options.patchesPerRun ?? patchesPerRunOn(provider, threads);
  let resizer: InferenceSession | null = null;

  const run = async (pixels: Uint8Array, patches: number, height: number, width: number) => {
    let input = new Tensor("uint8", pixels, [patches, height, width, 3]);
    if (height !== card.inputPixels || width !== card.inputPixels) {
      resizer ??= await openGraphSession(resizeGraph(card), { provider: "cpu", threads });
      const { [RESIZED]: resized } = await resizer.run({ [PIXELS]: input });
      input = resized as typeof input;
    }
    const { [VECTORS]: vectors } = await session.run({ [PIXELS]: input });
    return vectorsOf(vectors);
  };

  return {
    provider,
    skipped,
    async embed(pixels, patches, height, width) {
      const bytesPerPatch = height * width * 3;
      const vectors =
        precision === "float32" ? new Float32Array(patches * card.dims) : new Uint16Array(patches * card.dims);
      for (let first = 0; first < patches; first += patchesPerRun) {
        const count = Math.min(patchesPerRun, patches - first);
        const region = pixels.subarray(first * bytesPerPatch, (first + count) * bytesPerPatch);
        vectors.set(await run(region, count, height, width), first * card.dims);
      }
      refuseNonFinite(vectors, card, precision);
      return vectors;
    },
    async close() {
      await session.release();
      await resizer?.release();
    },
  };
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

const firstThatRuns = async (model: Uint8Array, { card, providers, threads }: EncoderWorkerData) => {
  const skipped: SkippedProvider[] = [];
  for (const provider of providers) {
    const absence = knownAbsence(provider);
    if (absence !== null) {
      skipped.push({ provider, reason: absence });
      continue;
    }
    try {
      const session = await openGraphSession(model, { provider, threads });
      await probe(session, card);
      return { session, provider, skipped };
    } catch (error) {
      if (isHistoError(error)) throw error;
      skipped.push({ provider, reason: reasonOf(error) });
    }
  }
  const reasons = skipped.map(({ provider, reason }) => `${provider}: ${reason}`).join("; ");
  throw new HistoError(
    "MODEL_INCOMPATIBLE",
    `Encoder "${card.key}" runs on none of the providers asked for: ${reasons}`,
    {
      fix: providers.includes("cpu")
        ? "Check the model with onnx.checker and export it again."
        : 'Add "cpu" to the execution providers, or install what the others need.',
      path: ["model"],
    },
  );
};

/** One black patch through the whole graph: shows that the provider has every operator, and the true dimensions. */
const probe = async (session: InferenceSession, { inputPixels, dims, key }: EncoderCard): Promise<void> => {
  const pixels = new Tensor("uint8", new Uint8Array(inputPixels ** 2 * 3), [1, inputPixels, inputPixels, 3]);
  const { [VECTORS]: vectors } = await session.run({ [PIXELS]: pixels });
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
const reasonOf = (error: unknown): string => {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
  return line.replace(/\S*[/\\]\S+\s*/g, "").trim();
};

const vectorsOf = (tensor: Tensor | undefined): Float32Array | Uint16Array => {
  const data = tensor?.data;
  if (data instanceof Float32Array || data instanceof Uint16Array) return data;
  // Where the runtime knows Float16Array, halves arrive as that; they leave here as the bits that are stored.
  if (ArrayBuffer.isView(data) && data.BYTES_PER_ELEMENT === 2) {
    return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  }
  throw new Error("The encoder's output is not a tensor of floats.");
};

const refuseNonFinite = (vectors: Float32Array | Uint16Array, card: EncoderCard, precision: string): void => {
  const row = firstNonFiniteRow(vectors, card.dims);
  if (row === null) return;
  throw new HistoError(
    "NOT_FINITE",
    `Encoder "${card.key}" gave a vector with NaN or infinity for patch ${row} of a batch.`,
    {
      fix:
        precision === "float16"
          ? 'Use precision "float32" (half precision ends at 65504), or check pixelScale in the card.'
          : "Check pixelScale in the card, and the model.",
      path: ["vectors", String(row)],
    },
  );
};
