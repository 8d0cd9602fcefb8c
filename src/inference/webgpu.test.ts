import { afterEach, describe, expect, test } from "vitest";
import { knownAbsence } from "../onnx/providers.ts";
import { vulkanDevices } from "../onnx/vulkan-devices.ts";
import { stainTransform } from "../slides/index.ts";
import type { Triple } from "../slides/stain.ts";
import { bundledEncoder } from "./bundled-encoder.ts";
import { createEncoderSession, type EncoderSession, type EncoderSessionOptions } from "./encoder-session.ts";
import { texturedPatches } from "./open-encoder.ts";
import { channelMeans, tinyCard } from "./tiny-encoders.ts";
import { compareVectors } from "./vector-difference.ts";

// tools/lavapipe.sh brings a device that needs no graphics card: env $(tools/lavapipe.sh) npx vitest run src/inference/webgpu.test.ts

const absence = knownAbsence("webgpu", ["webgpu"]);
if (absence !== null) console.log(`skipped: no WebGPU device: ${absence}`);
const isSoftware = vulkanDevices()?.every((device) => device.isSoftware) ?? false;

const open: EncoderSession[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((session) => session.close()));
});

const session = async (options: EncoderSessionOptions) => {
  const created = await createEncoderSession(options);
  open.push(created);
  return created;
};

/** Vectors [3, dims] of three textured patches, of regions that the encoder's own size is made of. */
const vectorsOf = async ({ embed, card }: EncoderSession, side = card.inputPixels) =>
  embed({ pixels: texturedPatches(3, side), patches: 3, heightPixels: side, widthPixels: side });

describe.skipIf(absence !== null)("WebGPU", () => {
  test("gives the bundled encoder's vectors as the processor does, from regions of any size", {
    timeout: 240_000,
  }, async () => {
    const { card, model } = await bundledEncoder();
    const cpu = await session({ card, model, precision: "float32", threads: 1 });
    const gpu = await session({ card, model, precision: "float32", providers: ["webgpu"], patchesPerRun: 2 });
    expect([gpu.provider, gpu.skipped, gpu.threads]).toEqual(["webgpu", [], 1]);
    for (const side of [card.inputPixels, 300]) {
      const [ours, theirs] = await Promise.all([vectorsOf(gpu, side), vectorsOf(cpu, side)]);
      expect([ours.ranOn, theirs.ranOn]).toEqual(["webgpu", "cpu"]);
      const { largest, leastCosine } = compareVectors(ours.vectors, theirs.vectors, card.dims);
      // Sums in another order: some 5e-7 was seen.
      expect(largest).toBeLessThan(1e-4);
      expect(leastCosine).toBeGreaterThan(0.999999);
    }
  });

  test.each([
    {
      method: "MACENKO" as const,
      haematoxylin: [0.52, 0.77, 0.37] as Triple,
      eosin: [0.17, 0.86, 0.47] as Triple,
      maxConcentrations: [1.4, 0.9] as [number, number],
      pixels: 1,
    },
    {
      method: "REINHARD" as const,
      means: [73, 23, -11] as Triple,
      standardDeviations: [15, 10, 7] as Triple,
      pixels: 1,
    },
  ])("evens out staining as the processor does: $method", { timeout: 120_000 }, async (parameters) => {
    const both = { card: tinyCard(), model: channelMeans(), stain: parameters.method, threads: 1 };
    const [gpu, cpu] = [await session({ ...both, providers: ["webgpu"] }), await session(both)];
    expect([gpu.provider, gpu.skipped]).toEqual(["webgpu", []]);
    const batch = () => ({ pixels: texturedPatches(3, 8), patches: 3, heightPixels: 8, widthPixels: 8 });
    const stain = stainTransform(parameters);
    const [ours, theirs] = [await gpu.embed({ ...batch(), stain }), await cpu.embed({ ...batch(), stain })];
    // Means of 64 whole levels; a pixel between two levels may fall on either.
    ours.vectors.forEach((value, index) => {
      expect(Math.abs(value - (theirs.vectors[index] as number))).toBeLessThan(0.2);
    });
  });

  test("in half precision it gives nearly the same, and says so", { timeout: 240_000 }, async () => {
    const { card, model } = await bundledEncoder();
    const cpu = await session({ card, model, precision: "float32", threads: 1 });
    const half = await session({ card, model, precision: "float32", providers: ["webgpu"], computeInHalves: true });
    // A device without 16-bit arithmetic stays with 32 and says why.
    if (half.provider === "webgpu") {
      expect(half.skipped).toEqual([{ provider: "webgpu", reason: expect.stringMatching(/^half precision: /) }]);
      return;
    }
    expect(half.provider).toBe("webgpu/float16");
    expect(half.halfDifferences).toMatchObject([
      { ranOn: "webgpu/float16", difference: { largest: expect.any(Number) } },
    ]);
    const [ours, theirs] = await Promise.all([vectorsOf(half), vectorsOf(cpu)]);
    expect(ours.ranOn).toBe("webgpu/float16");
    const { largest, leastCosine } = compareVectors(ours.vectors, theirs.vectors, card.dims);
    // 11 bits through 40 layers: some 6e-3 of the largest number was seen.
    expect(largest).toBeLessThan(3e-2);
    expect(largest).toBeGreaterThan(1e-5);
    expect(leastCosine).toBeGreaterThan(0.9999);
  });

  test("shares batches with the processor when both are chosen", async () => {
    const both = await session({ card: tinyCard(), model: channelMeans(), devices: ["cpu", "webgpu"], threads: 1 });
    expect([both.provider, both.threads]).toEqual(["cpu,webgpu", 2]);
    const greys = Array.from({ length: 24 }, (_, index) => index * 10);
    const results = await Promise.all(
      greys.map((grey) =>
        both.embed({ pixels: new Uint8Array(8 * 8 * 3 * 4).fill(grey), patches: 4, heightPixels: 8, widthPixels: 8 }),
      ),
    );
    results.forEach(({ vectors }, index) => {
      for (const value of vectors) expect(value).toBeCloseTo(greys[index] ?? Number.NaN, 3);
    });
    expect(new Set(results.map(({ ranOn }) => ranOn))).toEqual(new Set(["cpu", "webgpu"]));
  });

  test("is left alone where a program plays it and the processor may be taken", async () => {
    const chosen = await session({ card: tinyCard(), model: channelMeans(), providers: ["webgpu", "cpu"], threads: 1 });
    if (isSoftware) {
      expect(chosen.provider).toBe("cpu");
      expect(chosen.skipped).toEqual([{ provider: "webgpu", reason: expect.stringMatching(/on the processor/) }]);
    } else {
      expect(chosen.provider).toBe("webgpu");
    }
  });
});

test("a device that was chosen and does not run is an error, and nothing stands in for it", async () => {
  const refused = session({ card: tinyCard(), model: channelMeans(), devices: ["cpu", "cuda:99"], threads: 1 });
  await expect(refused).rejects.toMatchObject({
    code: "MODEL_INCOMPATIBLE",
    message: expect.stringMatching(/cuda:99/),
    fix: expect.stringMatching(/doctor/),
  });
});
