import fc from "fast-check";
import { expect, it } from "vitest";
import { seededUniform } from "../platform/random.ts";
import { writeLab } from "./lab.ts";
import { estimatePicturesStain } from "./slideStain.ts";
import { estimateStain, type StainParameters, type Triple } from "./stain.ts";
import { STAIN_TARGETS } from "./stainTransform.ts";

/** Pixels that are mixtures of two stains: Beer and Lambert's law, in eight bits. */
const stained = (haematoxylin: Triple, eosin: Triple, seed = 1, pixels = 20_000): Uint8Array => {
  const random = seededUniform(seed);
  const rgb = new Uint8Array(pixels * 3);
  for (let at = 0; at < rgb.length; at += 3) {
    const kind = random();
    // Nuclei, cytoplasm, and what holds both.
    const h = kind < 0.4 ? 0.3 + random() * 1.4 : kind < 0.8 ? random() * 0.02 : random();
    const e = kind < 0.4 ? random() * 0.02 : kind < 0.8 ? 0.6 + random() * 0.8 : random();
    for (let c = 0; c < 3; c++) {
      const density = h * (haematoxylin[c] as number) + e * (eosin[c] as number);
      rgb[at + c] = Math.max(0, Math.min(255, Math.round(240 * Math.exp(-density) - 1)));
    }
  }
  return rgb;
};

const unit = (vector: Triple): Triple => vector.map((value) => value / Math.hypot(...vector)) as Triple;
const foundIn = (rgb: Uint8Array, method: "MACENKO" | "REINHARD"): StainParameters => {
  const estimate = estimateStain(rgb, method);
  if (estimate.kind === "refused") throw new Error(estimate.reason);
  return estimate.parameters;
};

it("Macenko's method finds the two stains that a picture was mixed of", () => {
  // Eosin absorbs enough red here: pixels below β in any channel are not looked at.
  const component = fc.double({ min: -0.04, max: 0.04, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(component, component, component, component), fc.nat(100), ([a, b, c, d], seed) => {
      const haematoxylin = unit([0.6 + a, 0.7 + b, 0.35]);
      const eosin = unit([0.3 + c, 0.8 + d, 0.5]);
      const found = foundIn(stained(haematoxylin, eosin, seed), "MACENKO");
      if (found.method !== "MACENKO") throw new Error("another method");
      const cosine = (p: Triple, q: Triple) => p.reduce((sum, value, i) => sum + value * (q[i] as number), 0);
      expect(cosine(found.haematoxylin, haematoxylin)).toBeGreaterThan(Math.cos((4 * Math.PI) / 180));
      expect(cosine(found.eosin, eosin)).toBeGreaterThan(Math.cos((4 * Math.PI) / 180));
      expect(found.maxConcentrations[0]).toBeGreaterThan(1.4);
      expect(found.maxConcentrations[0]).toBeLessThan(1.9);
    }),
    { numRuns: 20 },
  );
});

it("the order of the pixels changes nothing", () => {
  const { haematoxylin, eosin } = STAIN_TARGETS.MACENKO;
  const rgb = stained(haematoxylin, eosin);
  const backwards = new Uint8Array(rgb.length);
  for (let at = 0; at < rgb.length; at += 3) backwards.set(rgb.subarray(at, at + 3), rgb.length - 3 - at);
  for (const method of ["MACENKO", "REINHARD"] as const) {
    const flat = (parameters: StainParameters) =>
      Object.values(parameters)
        .flat()
        .filter((value) => typeof value === "number");
    const [one, other] = [flat(foundIn(rgb, method)), flat(foundIn(backwards, method))];
    one.forEach((value, index) => {
      expect(other[index]).toBeCloseTo(value, 9);
    });
  }
});

it.each(["MACENKO", "REINHARD"] as const)("how much glass lies around the tissue hardly changes %s", (method) => {
  const { haematoxylin, eosin } = STAIN_TARGETS.MACENKO;
  const tissue = stained(haematoxylin, eosin);
  const amid = (timesGlass: number) => {
    const rgb = new Uint8Array(tissue.length * (1 + timesGlass)).fill(241);
    for (let at = 0; at < tissue.length; at += 3) rgb.set(tissue.subarray(at, at + 3), at * (1 + timesGlass));
    return foundIn(rgb, method);
  };
  const strengths = (found: StainParameters) =>
    found.method === "MACENKO" ? found.maxConcentrations : [...found.means, ...found.standardDeviations];
  const [half, most] = [strengths(amid(1)), strengths(amid(30))];
  half.forEach((value, at) => {
    expect(Math.abs((most[at] as number) - value)).toBeLessThan(0.02 * Math.abs(value) + 0.1);
  });
  const alone = foundIn(tissue, method);
  expect(alone.pixels).toBe(tissue.length / 3);
  if (alone.method === "MACENKO") {
    alone.maxConcentrations.forEach((value, at) => {
      expect((most[at] as number) / value).toBeGreaterThan(0.9);
    });
  }
});

it("L*a*b* of known colours", () => {
  const lab = new Float64Array(3);
  const known: [Triple, Triple][] = [
    [
      [255, 255, 255],
      [100, 0, 0],
    ],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
    [
      [255, 0, 0],
      [53.24, 80.09, 67.2],
    ],
    [
      [0, 0, 255],
      [32.3, 79.19, -107.86],
    ],
  ];
  for (const [[red, green, blue], expected] of known) {
    writeLab(red, green, blue, lab, 0);
    expected.forEach((value, axis) => {
      expect(Math.abs((lab[axis] as number) - value)).toBeLessThan(0.05);
    });
  }
});

it.each([
  ["glass", () => new Uint8Array(30_000).fill(243), "TOO_LITTLE_STAIN", "NO_TISSUE"],
  ["a dark field", () => Uint8Array.from({ length: 30_000 }, (_, at) => (at * 37) % 40), "DARK", "NOT_BRIGHTFIELD"],
  ["shades of one colour", () => stained([0.6, 0.7, 0.4], [0.6, 0.7, 0.4]), "ONE_COLOUR", "BAD_ARGUMENT"],
  ["few pixels", () => stained([0.6, 0.7, 0.3], [0.2, 0.9, 0.4]).subarray(0, 300), "TOO_LITTLE_STAIN", "NO_TISSUE"],
])("refuses %s", async (_what, make, reason, code) => {
  const pixels = make();
  expect(estimateStain(pixels, "MACENKO")).toEqual({ kind: "refused", reason });
  const subject = { what: 'Slide "a"', fix: "Leave it out.", path: ["here"] };
  await expect(estimatePicturesStain([pixels], "MACENKO", subject)).rejects.toMatchObject({
    code,
    fix: "Leave it out.",
    inputPath: ["here"],
  });
});

it("grey pictures have no spread of colour to bring to another's", () => {
  const grey = Uint8Array.from({ length: 30_000 }, (_, at) => 80 + ((Math.floor(at / 3) * 13) % 100));
  expect(estimateStain(grey, "REINHARD")).toEqual({ kind: "refused", reason: "ONE_COLOUR" });
});

it("many pictures are thinned out evenly", async () => {
  const { haematoxylin, eosin } = STAIN_TARGETS.MACENKO;
  const pictures = Array.from({ length: 40 }, (_, seed) => stained(haematoxylin, eosin, seed));
  const subject = { what: "It", fix: "", path: [] };
  const thinned = await estimatePicturesStain(pictures, "REINHARD", subject);
  expect(thinned.pixels).toBe(2 ** 19);
  const all = foundIn(Buffer.concat(pictures), "REINHARD");
  if (thinned.method !== "REINHARD" || all.method !== "REINHARD") throw new Error("another method");
  thinned.means.forEach((mean, axis) => {
    expect(Math.abs(mean - (all.means[axis] as number))).toBeLessThan(0.2);
  });
});
