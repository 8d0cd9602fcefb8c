import { COMPRESSED_OF_LAB, LAB_OF_COMPRESSED } from "./lab.ts";
import { type StainMethod, type StainParameters, TRANSMITTED_LIGHT, type Triple, unmixing } from "./stain.ts";

type Target<Method extends StainMethod> = Omit<Extract<StainParameters, { method: Method }>, "method" | "pixels">;
export type StainTargets = { [Method in StainMethod]: Target<Method> };

/** What every slide is brought to. Part of a feature set's digest. */
export const STAIN_TARGETS: StainTargets = {
  /** The reference that the authors of the method published with it, and that torchstain has by default. */
  MACENKO: {
    haematoxylin: [0.5626, 0.7201, 0.4062],
    eosin: [0.2159, 0.8012, 0.5581],
    maxConcentrations: [1.9705, 1.0308],
  },
  /** The mean of five public H&E scans (OpenSlide's CMU-1, three of TCGA, one of CPTAC) after MACENKO: so both look alike. */
  REINHARD: { means: [69, 18.5, -5.8], standardDeviations: [18.4, 8.9, 7.1] },
};

/**
 * What is fed to the graph for one slide: an affine map of three channels. For MACENKO from ln(value + 1) to ln(value), for
 * REINHARD between the compressed X, Y, Z from which L*a*b* is made. Row-major `[3, 3]`, and `[3]`.
 */
export type StainTransform = { weights: Float32Array; offsets: Float32Array };

const macenko = (
  { haematoxylin, eosin, maxConcentrations }: Target<"MACENKO">,
  target: Target<"MACENKO">,
): StainTransform => {
  const [ofHaematoxylin, ofEosin] = unmixing(haematoxylin, eosin);
  const [h, e] = [0, 1].map(
    (stain) => (target.maxConcentrations[stain] as number) / (maxConcentrations[stain] as number),
  ) as [number, number];
  const weights: number[] = [];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      weights.push(
        (target.haematoxylin[row] as number) * h * (ofHaematoxylin[column] as number) +
          (target.eosin[row] as number) * e * (ofEosin[column] as number),
      );
    }
  }
  // Io · exp(−M · od) with od = ln Io − ln(value + 1): ln Io moves into what is added.
  const light = Math.log(TRANSMITTED_LIGHT);
  const offsets = [0, 1, 2].map((row) => {
    const [a, b, c] = weights.slice(row * 3, row * 3 + 3) as Triple;
    return light * (1 - (a + b + c));
  });
  return { weights: Float32Array.from(weights), offsets: Float32Array.from(offsets) };
};

const reinhard = ({ means, standardDeviations }: Target<"REINHARD">, target: Target<"REINHARD">): StainTransform => {
  const weights: number[] = [];
  const offsets: number[] = [];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) weights.push(0);
    let offset = COMPRESSED_OF_LAB.offsets[row] as number;
    for (let axis = 0; axis < 3; axis++) {
      const share = COMPRESSED_OF_LAB.weights[row * 3 + axis] as number;
      const scale = (target.standardDeviations[axis] as number) / (standardDeviations[axis] as number);
      const before = (LAB_OF_COMPRESSED.offsets[axis] as number) - (means[axis] as number);
      offset += share * (scale * before + (target.means[axis] as number));
      for (let column = 0; column < 3; column++) {
        const place = row * 3 + column;
        weights[place] =
          (weights[place] as number) + share * scale * (LAB_OF_COMPRESSED.weights[axis * 3 + column] as number);
      }
    }
    offsets.push(offset);
  }
  return { weights: Float32Array.from(weights), offsets: Float32Array.from(offsets) };
};

/** How pixels of a slide with this staining become pixels of the target's staining. */
export const stainTransform = (parameters: StainParameters, targets: StainTargets = STAIN_TARGETS): StainTransform =>
  parameters.method === "MACENKO" ? macenko(parameters, targets.MACENKO) : reinhard(parameters, targets.REINHARD);
