import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { encodeOnnx } from "../onnx/proto.ts";
import { openSlide, STAIN_TARGETS, type StainMethod, type StainTransform, stainTransform } from "../slides/index.ts";
import { estimateStain, type StainParameters, type Triple } from "../slides/stain.ts";
import { PIXELS, prepareEncoder, VECTORS } from "./encoder-graph.ts";
import { STAIN_OFFSETS, STAIN_WEIGHTS } from "./stain-graph.ts";
import { featureMap, tinyCard, tinyModel } from "./tiny-encoders.ts";

const SLIDES = join(import.meta.dirname, "../../../shared/data/slides");
const isHere = existsSync(SLIDES);
if (!isHere) console.warn("Not compared with torchstain on real slides: ../shared/data/slides is not here.");

type Region = {
  slide: string;
  x: number;
  y: number;
  edgePixels: number;
  stains: [Triple, Triple];
  maxConcentrations: [number, number];
  means: Triple;
  standardDeviations: Triple;
  pixels: Record<"places" | "scanned" | "macenkoToReference" | "macenkoToTarget" | "reinhardToTarget", number[][]>;
};

/** Written by stain.py: torchstain's parameters and pixels. */
const reference = JSON.parse(readFileSync(join(import.meta.dirname, "../slides/reference/stain.json"), "utf8")) as {
  target: string;
  regions: Region[];
};

const side = 8;
const card = tinyCard({ dims: side * side * 3, pixelScale: { range: [0, 255] } });

/** An encoder that gives back the pixels it is shown, so that its vector is the normalised picture. */
const mirror = (): Uint8Array =>
  encodeOnnx(
    tinyModel((builder, image) => builder.node("Reshape", [image, builder.integers([-1, side * side * 3])]), {
      outputDims: ["n", side * side * 3],
    }),
  );

const openMirror = async (method: StainMethod) => {
  const session = await InferenceSession.create(prepareEncoder(mirror(), card, "float32", { stain: method }));
  return {
    close: () => session.release(),
    /** RGB triples as the encoder sees them. */
    normalise: async (triples: readonly number[][], { weights, offsets }: StainTransform): Promise<number[][]> => {
      const patches = Math.ceil(triples.length / side ** 2);
      const pixels = new Uint8Array(patches * side ** 2 * 3);
      pixels.set(triples.flat());
      const { [VECTORS]: out } = await session.run({
        [PIXELS]: new Tensor("uint8", pixels, [patches, side, side, 3]),
        [STAIN_WEIGHTS]: new Tensor("float32", weights, [3, 3]),
        [STAIN_OFFSETS]: new Tensor("float32", offsets, [3, 1]),
      });
      const planes = out?.data as Float32Array;
      return triples.map((_, at) => {
        const patch = Math.floor(at / side ** 2);
        return [0, 1, 2].map((channel) => planes[(patch * 3 + channel) * side ** 2 + (at % side ** 2)] as number);
      });
    },
  };
};

const ofRegion = (method: StainMethod, region: Region): StainParameters =>
  method === "MACENKO"
    ? {
        method,
        haematoxylin: region.stains[0],
        eosin: region.stains[1],
        maxConcentrations: region.maxConcentrations,
        pixels: 1,
      }
    : { method, means: region.means, standardDeviations: region.standardDeviations, pixels: 1 };

const greatestDifference = (got: readonly number[][], expected: readonly number[][]): number =>
  Math.max(
    ...got.flatMap((triple, at) => triple.map((value, c) => Math.abs(value - (expected[at]?.[c] ?? Number.NaN)))),
  );

const target = reference.regions.find(({ slide }) => slide === reference.target) as Region;
const towards = {
  MACENKO: { haematoxylin: target.stains[0], eosin: target.stains[1], maxConcentrations: target.maxConcentrations },
  REINHARD: { means: target.means, standardDeviations: target.standardDeviations },
};

describe("with torchstain's parameters", () => {
  it.each(reference.regions)("the graph gives torchstain's pixels of $slide", async (region) => {
    const { scanned, macenkoToReference, macenkoToTarget, reinhardToTarget } = region.pixels;
    const macenko = await openMirror("MACENKO");
    const reinhard = await openMirror("REINHARD");
    const found = ofRegion("MACENKO", region);
    const differences = [
      greatestDifference(await macenko.normalise(scanned, stainTransform(found)), macenkoToReference),
      greatestDifference(await macenko.normalise(scanned, stainTransform(found, towards)), macenkoToTarget),
      greatestDifference(
        await reinhard.normalise(scanned, stainTransform(ofRegion("REINHARD", region), towards)),
        reinhardToTarget,
      ),
    ];
    await Promise.all([macenko.close(), reinhard.close()]);
    for (const difference of differences) expect(difference).toBeLessThanOrEqual(1);
  });
});

describe.skipIf(!isHere)("of the real slides", () => {
  it.each(reference.regions)("estimate and graph together equal torchstain on $slide", async (region) => {
    const slide = await openSlide(join(SLIDES, region.slide));
    const { x, y, edgePixels } = region;
    const rgb = await slide.readRegion({ x, y, level: 0, widthPixels: edgePixels, heightPixels: edgePixels });
    await slide.close();
    const scanned = region.pixels.places.map(([row = 0, column = 0]) =>
      Array.from(rgb.subarray((row * edgePixels + column) * 3, (row * edgePixels + column) * 3 + 3)),
    );
    expect(scanned).toEqual(region.pixels.scanned);
    for (const method of ["MACENKO", "REINHARD"] as const) {
      const estimate = estimateStain(rgb, method);
      if (estimate.kind === "refused") throw new Error(estimate.reason);
      const { parameters } = estimate;
      const encoder = await openMirror(method);
      const own = await encoder.normalise(scanned, stainTransform(parameters, towards));
      const expected = method === "MACENKO" ? region.pixels.macenkoToTarget : region.pixels.reinhardToTarget;
      expect(greatestDifference(own, expected)).toBeLessThanOrEqual(1);
      if (method === "MACENKO") {
        const published = await encoder.normalise(scanned, stainTransform(parameters));
        expect(greatestDifference(published, region.pixels.macenkoToReference)).toBeLessThanOrEqual(1);
      }
      await encoder.close();
    }
  });
});

describe("whatever the pixels and the slide", () => {
  const triple = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 3, maxLength: 3 });
  const extremes = [
    [0, 0, 0],
    [255, 255, 255],
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
  ];
  it.each(["MACENKO", "REINHARD"] as const)("%s gives whole levels from 0 to 255", async (method) => {
    const encoder = await openMirror(method);
    await fc.assert(
      fc.asyncProperty(
        fc.array(triple, { minLength: 1, maxLength: 80 }),
        fc.constantFrom(...reference.regions),
        async (some, region) => {
          const levels = await encoder.normalise([...extremes, ...some], stainTransform(ofRegion(method, region)));
          for (const value of levels.flat()) {
            expect(Number.isInteger(value) && value >= 0 && value <= 255).toBe(true);
          }
        },
      ),
      { numRuns: 30 },
    );
    await encoder.close();
  });

  it("a slide that has the target's staining stays as it is", async () => {
    const { MACENKO, REINHARD } = STAIN_TARGETS;
    const tissue = (reference.regions[0] as Region).pixels.macenkoToReference;
    const reinhard = await openMirror("REINHARD");
    const same = await reinhard.normalise(tissue, stainTransform({ method: "REINHARD", ...REINHARD, pixels: 1 }));
    expect(greatestDifference(same, tissue)).toBeLessThanOrEqual(1);
    await reinhard.close();
    const macenko = await openMirror("MACENKO");
    // A colour that two stains make up: any other is brought into their plane.
    const mixed = [0.2, 0.5, 0.9].map((share) =>
      [0, 1, 2].map((c) =>
        Math.floor(240 * Math.exp(-share * ((MACENKO.haematoxylin[c] as number) + (MACENKO.eosin[c] as number)))),
      ),
    );
    const again = await macenko.normalise(mixed, stainTransform({ method: "MACENKO", ...MACENKO, pixels: 1 }));
    expect(greatestDifference(again, mixed)).toBeLessThanOrEqual(2);
    await macenko.close();
  });
});

it("an encoder that takes channels last sees the same normalised pixels", async () => {
  const region = reference.regions[0] as Region;
  const { weights, offsets } = stainTransform(ofRegion("MACENKO", region));
  const pixels = new Uint8Array(side * side * 3);
  pixels.set(region.pixels.scanned.slice(0, side * side).flat());
  const feeds = {
    [PIXELS]: new Tensor("uint8", pixels, [1, side, side, 3]),
    [STAIN_WEIGHTS]: new Tensor("float32", weights, [3, 3]),
    [STAIN_OFFSETS]: new Tensor("float32", offsets, [3, 1]),
  };
  const planes = async (layout: "NCHW" | "NHWC") => {
    const means = tinyCard({ layout, pooling: "mean", dims: layout === "NCHW" ? 3 : 3 });
    const model = featureMap({ layout, outputDims: layout === "NCHW" ? ["n", 3, side, side] : ["n", side, side, 3] });
    const session = await InferenceSession.create(prepareEncoder(model, means, "float32", { stain: "MACENKO" }));
    const { [VECTORS]: out } = await session.run(feeds);
    await session.release();
    return Array.from(out?.data as Float32Array);
  };
  const [first, last] = [await planes("NCHW"), await planes("NHWC")];
  first.forEach((value, channel) => {
    expect(last[channel]).toBeCloseTo(value, 3);
  });
});
