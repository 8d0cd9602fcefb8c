import { env, Tensor } from "onnxruntime-node";
import { cudaCards } from "../onnx/cuda-cards.ts";
import { isOutOfMemory } from "../onnx/memory-refusals.ts";
import { type Device, hardwareOf } from "../onnx/providers.ts";
import { openGraphSession } from "../onnx/session.ts";
import { providerOf } from "../platform/devices.ts";
import { digestOf } from "../platform/digest.ts";
import { HistoError, UnreachableCaseError } from "../platform/errors.ts";
import type { StainTransform } from "../slides/index.ts";
import { sweepBatches } from "./batch-sweep.ts";
import { MOST_BATCH_BYTES } from "./embed-patches.ts";
import type { EncoderCard } from "./encoder-card.ts";
import { PIXELS, VECTORS } from "./encoder-graph.ts";
import type { BatchTrial, EncoderReady, EncoderWorkerData } from "./encoder-messages.ts";
import { firstNonFiniteRow } from "./non-finite.ts";
import { openEncoder, texturedPatches, vectorsOf } from "./open-encoder.ts";
import { RESIZED, resizeGraph } from "./resize-graph.ts";
import { stainFeeds } from "./stain-graph.ts";

/**
 * Before anything was measured. Small runs keep a convolution's activations in the cache of a CPU, and need less memory:
 * 464 patches/s with 2 a run against 319 with 8 (EfficientNet-Lite0 to block 11, two encoders of one thread). A GPU wants
 * the whole batch.
 */
const usualPatchesPerRun = (device: Device, threads: number): number => {
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

type Vectors = Float32Array | Uint16Array;

export type EncoderRunner = {
  ready: EncoderReady;
  /** As it is now: memory may have refused what it was. */
  patchesPerRun(): number;
  setPatchesPerRun(patches: number): void;
  /**
   * Vectors [patches, dims] of uint8 RGB regions [patches, height, width, 3], of a slide of this staining where the encoder
   * evens it out. Blocks its thread while it computes. A run for which memory does not suffice is done again in halves; LIMIT_EXCEEDED when it does not suffice for one patch.
   */
  embed(
    pixels: Uint8Array,
    patches: number,
    height: number,
    width: number,
    stain: StainTransform | null,
  ): Promise<Vectors>;
  /** Throughput of runs of these sizes; see `sweepBatches`. */
  sweep(candidates: readonly number[], budgetMs: number): Promise<BatchTrial[]>;
  close(): Promise<void>;
};

/** Opens an encoder; throws what `openEncoder` throws. For worker threads only. */
export const openEncoderRunner = async (options: EncoderWorkerData): Promise<EncoderRunner> => {
  const { card, precision, threads } = options;
  const { provider, skipped, graph, halfDifference, ...opened } = await openEncoder(options);
  let session = Promise.resolve(opened.session);
  let resizer: Awaited<typeof session> | null = null;
  let patchesPerRun = options.patchesPerRun ?? usualPatchesPerRun(provider, threads);

  /** After a refusal of memory the session may hold what it got, or be lost: a new one begins with nothing. */
  const reopen = (): void => {
    const old = session;
    session = (async () => {
      await (await old.catch(() => null))?.release();
      return openGraphSession(graph, { provider, threads });
    })();
    // Whoever runs next is told.
    session.catch(() => {});
  };

  const run = async (
    pixels: Uint8Array,
    patches: number,
    height: number,
    width: number,
    stain: Record<string, Tensor>,
  ): Promise<Vectors> => {
    let input = new Tensor("uint8", pixels, [patches, height, width, 3]);
    if (height !== card.inputPixels || width !== card.inputPixels) {
      resizer ??= await openGraphSession(resizeGraph(card), { provider: "cpu", threads });
      const { [RESIZED]: resized } = await resizer.run({ [PIXELS]: input });
      input = resized as typeof input;
    }
    const { [VECTORS]: vectors } = await (await session).run({ [PIXELS]: input, ...stain });
    return vectorsOf(vectors);
  };

  let last: Promise<unknown> = Promise.resolve();
  /** First come, first served: a session must not be given up while another run waits for it. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };

  /** Null where memory does not suffice. */
  const runIfItFits = (...batch: Parameters<typeof run>): Promise<Vectors | null> =>
    inTurn(async () => {
      try {
        return await run(...batch);
      } catch (error) {
        const isRefused = isOutOfMemory(error);
        const isLost = await session.then(
          () => false,
          () => true,
        );
        if (isRefused || isLost) reopen();
        if (!isRefused) throw error;
        return null;
      }
    });

  return {
    ready: {
      provider,
      skipped,
      hardware: hardwareOf(provider),
      cards: providerOf(provider) === "cuda" ? cudaCards().length : 0,
      ranOn: halfDifference ? `${provider}/float16` : provider,
      halfDifference,
      graphDigest: digestOf(graph),
      runtime: env.versions.node ?? "unknown",
      patchesPerRun,
    },
    patchesPerRun: () => patchesPerRun,
    setPatchesPerRun(patches) {
      patchesPerRun = patches;
    },
    async embed(pixels, patches, height, width, transform) {
      const stain = options.stain ? stainFeeds(transform) : {};
      const bytesPerPatch = height * width * 3;
      const vectors =
        precision === "float32" ? new Float32Array(patches * card.dims) : new Uint16Array(patches * card.dims);
      let first = 0;
      while (first < patches) {
        const count = Math.min(patchesPerRun, patches - first);
        const region = pixels.subarray(first * bytesPerPatch, (first + count) * bytesPerPatch);
        const got = await runIfItFits(region, count, height, width, stain);
        if (got) {
          vectors.set(got, first * card.dims);
          first += count;
        } else {
          if (count === 1) throw tooLittleMemory(card, provider);
          patchesPerRun = Math.min(patchesPerRun, Math.floor(count / 2));
        }
      }
      refuseNonFinite(vectors, card, precision);
      return vectors;
    },
    async sweep(candidates, budgetMs) {
      const side = card.inputPixels;
      const stain = options.stain ? stainFeeds(null) : {};
      const one = texturedPatches(1, side);
      // No batch is larger: 256 patches of 4096 pixels would be 13 GB.
      const sizes = candidates.filter((patches, at) => at === 0 || patches * one.length <= MOST_BATCH_BYTES);
      const most = new Uint8Array(Math.max(...sizes) * one.length);
      for (let at = 0; at < most.length; at += one.length) most.set(one, at);
      const timed = async (patches: number): Promise<number | null> => {
        const began = performance.now();
        const got = await runIfItFits(most.subarray(0, patches * one.length), patches, side, side, stain);
        return got && performance.now() - began;
      };
      const measure = async (patches: number, atMostMs: number): Promise<number | null> => {
        // The first run of a size allocates and compiles; it counts only where there is no time for a second one.
        const warmUpMs = await timed(patches);
        if (warmUpMs === null) return null;
        let [runs, tookMs] = [0, 0];
        while (tookMs + warmUpMs < atMostMs) {
          const ms = await timed(patches);
          if (ms === null) return null;
          runs += 1;
          tookMs += ms;
        }
        return runs > 0 ? (patches * runs * 1000) / tookMs : (patches * 1000) / warmUpMs;
      };
      return sweepBatches({ candidates: sizes, budgetMs, measure });
    },
    async close() {
      await (await session.catch(() => null))?.release();
      await resizer?.release();
    },
  };
};

const tooLittleMemory = (card: EncoderCard, device: Device): HistoError =>
  new HistoError("LIMIT_EXCEEDED", `The memory of ${device} does not suffice for one patch of encoder "${card.key}".`, {
    fix: 'End what else uses the device, or choose another one, such as "cpu", with HISTOQL_DEVICES.',
    path: ["encoder"],
  });

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
