import { writeLab } from "./lab.ts";

/** How differences of staining are evened out. */
export type StainMethod = "MACENKO" | "REINHARD";

/** Red, green, blue, or L*, a*, b*. */
export type Triple = [number, number, number];

/** What was found of a slide's staining. `pixels` tells from how many it was estimated. */
export type StainParameters =
  | {
      method: "MACENKO";
      /** Optical densities (natural logarithm) of unit length that each stain has in red, green and blue. */
      haematoxylin: Triple;
      eosin: Triple;
      /** 99th percentiles of the two stains' concentrations. */
      maxConcentrations: [number, number];
      pixels: number;
    }
  | { method: "REINHARD"; means: Triple; standardDeviations: Triple; pixels: number };

/** Why staining cannot be estimated; the caller words it. */
export type StainRefusal = "DARK" | "TOO_LITTLE_STAIN" | "ONE_COLOUR";
export type StainEstimate = { kind: "found"; parameters: StainParameters } | { kind: "refused"; reason: StainRefusal };

/** Light that passes through glass, in eight-bit levels (Io). */
export const TRANSMITTED_LIGHT = 240;
/** Optical density in every channel from which a pixel counts as stained (β). */
const LEAST_DENSITY = 0.15;
/** Percentile of the angles, from either end, that stands for a pure stain (α). */
const ANGLE_PERCENTILE = 1;
const CONCENTRATION_PERCENTILE = 99;

/** Fewer stained pixels, or a smaller share of them, say nothing of a slide's staining. */
const LEAST_STAINED_PIXELS = 500;
const LEAST_STAINED_SHARE = 0.01;
/** Two stains whose vectors enclose less are one: dividing by the difference would only enlarge noise. */
const LEAST_ANGLE_DEGREES = 3;
/** Concentrations and spreads of L*, a*, b* below these are noise of the camera. */
const LEAST_CONCENTRATION = 0.05;
const LEAST_SPREAD = 0.5;
/** No stain lets through as little everywhere: the field is dark. */
const DARK_BRIGHTNESS = 60;

/** −ln((value + 1) / Io) of each eight-bit value. */
const DENSITY_OF_BYTE = Float64Array.from({ length: 256 }, (_, value) => -Math.log((value + 1) / TRANSMITTED_LIGHT));

const density = (rgb: Uint8Array, at: number): number => DENSITY_OF_BYTE[rgb[at] as number] as number;

const cross = (a: Triple, b: Triple): Triple => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const unit = (a: Triple): Triple => {
  const length = Math.hypot(...a);
  return [a[0] / length, a[1] / length, a[2] / length];
};

/** Nearest rank, as torchstain takes it. Sorts `values`. */
const percentile = (values: Float64Array, percent: number): number => {
  values.sort();
  return values[Math.round((percent / 100) * (values.length - 1))] ?? Number.NaN;
};

type Symmetric = { xx: number; yy: number; zz: number; xy: number; xz: number; yz: number };

/** Least eigenvalue of a symmetric 3 × 3 matrix (O. K. Smith, Eigenvalues of a symmetric 3 × 3 matrix, CACM 4, 1961). */
const leastEigenvalue = ({ xx, yy, zz, xy, xz, yz }: Symmetric): number => {
  const mean = (xx + yy + zz) / 3;
  const [a, b, c] = [xx - mean, yy - mean, zz - mean];
  const spread = Math.sqrt((a * a + b * b + c * c + 2 * (xy * xy + xz * xz + yz * yz)) / 6);
  if (spread === 0) return mean;
  const determinant = a * (b * c - yz * yz) - xy * (xy * c - yz * xz) + xz * (xy * yz - b * xz);
  const angle = Math.acos(Math.min(1, Math.max(-1, determinant / (2 * spread ** 3)))) / 3;
  return mean + 2 * spread * Math.cos(angle + (2 * Math.PI) / 3);
};

/** Unit normal of the plane in which a cloud of points spreads most: what both rows of (matrix − least eigenvalue) miss. */
const normalOfPlane = (matrix: Symmetric): Triple => {
  const least = leastEigenvalue(matrix);
  const { xx, yy, zz, xy, xz, yz } = matrix;
  const rows: Triple[] = [
    [xx - least, xy, xz],
    [xy, yy - least, yz],
    [xz, yz, zz - least],
  ];
  const [first, second, third] = rows as [Triple, Triple, Triple];
  const candidates = [cross(first, second), cross(first, third), cross(second, third)];
  return unit(candidates.reduce((best, next) => (dot(next, next) > dot(best, best) ? next : best)));
};

const isStained = (rgb: Uint8Array, at: number): boolean =>
  density(rgb, at) >= LEAST_DENSITY && density(rgb, at + 1) >= LEAST_DENSITY && density(rgb, at + 2) >= LEAST_DENSITY;

const momentsOfStained = (rgb: Uint8Array): { count: number; mean: Triple; covariance: Symmetric } => {
  let count = 0;
  let [x, y, z] = [0, 0, 0];
  let [xx, yy, zz, xy, xz, yz] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < rgb.length; at += 3) {
    if (!isStained(rgb, at)) continue;
    const r = density(rgb, at);
    const g = density(rgb, at + 1);
    const b = density(rgb, at + 2);
    count++;
    x += r;
    y += g;
    z += b;
    xx += r * r;
    yy += g * g;
    zz += b * b;
    xy += r * g;
    xz += r * b;
    yz += g * b;
  }
  const mean: Triple = [x / count, y / count, z / count];
  const covariance = {
    xx: xx / count - mean[0] * mean[0],
    yy: yy / count - mean[1] * mean[1],
    zz: zz / count - mean[2] * mean[2],
    xy: xy / count - mean[0] * mean[1],
    xz: xz / count - mean[0] * mean[2],
    yz: yz / count - mean[1] * mean[2],
  };
  return { count, mean, covariance };
};

/**
 * The two stains of a picture: in the plane of the densities' two main directions, the outermost but one in a hundred.
 * Angles are counted from the mean density, which no choice of axes in the plane changes.
 */
const stainVectors = (rgb: Uint8Array, count: number, mean: Triple, covariance: Symmetric): [Triple, Triple] => {
  const normal = normalOfPlane(covariance);
  const away = dot(mean, normal);
  const along = unit([mean[0] - away * normal[0], mean[1] - away * normal[1], mean[2] - away * normal[2]]);
  const across = cross(normal, along);
  const angles = new Float64Array(count);
  let stained = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    if (!isStained(rgb, at)) continue;
    const od: Triple = [density(rgb, at), density(rgb, at + 1), density(rgb, at + 2)];
    angles[stained++] = Math.atan2(dot(od, across), dot(od, along));
  }
  const vectorAt = (angle: number): Triple => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return [c * along[0] + s * across[0], c * along[1] + s * across[1], c * along[2] + s * across[2]];
  };
  const low = vectorAt(percentile(angles, ANGLE_PERCENTILE));
  const high = vectorAt(percentile(angles, 100 - ANGLE_PERCENTILE));
  // Haematoxylin absorbs more red than eosin does.
  return low[0] > high[0] ? [low, high] : [high, low];
};

/** The pseudo-inverse of the two stains as columns: concentrations of densities in the least-squares sense, `[2, 3]`. */
export const unmixing = (haematoxylin: Triple, eosin: Triple): [Triple, Triple] => {
  const [hh, ee, he] = [dot(haematoxylin, haematoxylin), dot(eosin, eosin), dot(haematoxylin, eosin)];
  const determinant = hh * ee - he * he;
  const row = (a: Triple, aa: number, b: Triple): Triple => [
    (aa * a[0] - he * b[0]) / determinant,
    (aa * a[1] - he * b[1]) / determinant,
    (aa * a[2] - he * b[2]) / determinant,
  ];
  return [row(haematoxylin, ee, eosin), row(eosin, hh, haematoxylin)];
};

/** 99th percentile of one stain's concentration over all pixels. */
const maxConcentration = (rgb: Uint8Array, stain: Triple): number => {
  const values = new Float64Array(rgb.length / 3);
  for (let at = 0; at < rgb.length; at += 3) {
    values[at / 3] = stain[0] * density(rgb, at) + stain[1] * density(rgb, at + 1) + stain[2] * density(rgb, at + 2);
  }
  return percentile(values, CONCENTRATION_PERCENTILE);
};

const refused = (reason: StainRefusal): StainEstimate => ({ kind: "refused", reason });

const estimateMacenko = (rgb: Uint8Array): StainEstimate => {
  const { count, mean, covariance } = momentsOfStained(rgb);
  const [haematoxylin, eosin] = stainVectors(rgb, count, mean, covariance);
  const degrees = (Math.acos(Math.min(1, dot(haematoxylin, eosin))) * 180) / Math.PI;
  if (!(degrees >= LEAST_ANGLE_DEGREES)) return refused("ONE_COLOUR");
  const [ofHaematoxylin, ofEosin] = unmixing(haematoxylin, eosin);
  const maxConcentrations: [number, number] = [maxConcentration(rgb, ofHaematoxylin), maxConcentration(rgb, ofEosin)];
  if (!(Math.min(...maxConcentrations) >= LEAST_CONCENTRATION)) return refused("ONE_COLOUR");
  const parameters = { method: "MACENKO" as const, haematoxylin, eosin, maxConcentrations, pixels: rgb.length / 3 };
  return { kind: "found", parameters };
};

const estimateReinhard = (rgb: Uint8Array): StainEstimate => {
  const pixels = rgb.length / 3;
  const lab = new Float64Array(3);
  const sums = new Float64Array(3);
  const squares = new Float64Array(3);
  for (let at = 0; at < rgb.length; at += 3) {
    writeLab(rgb[at] as number, rgb[at + 1] as number, rgb[at + 2] as number, lab, 0);
    for (let axis = 0; axis < 3; axis++) {
      const value = lab[axis] as number;
      sums[axis] = (sums[axis] as number) + value;
      squares[axis] = (squares[axis] as number) + value * value;
    }
  }
  const means = Array.from(sums, (sum) => sum / pixels) as Triple;
  const standardDeviations = means.map((mean, axis) =>
    Math.sqrt(Math.max(0, ((squares[axis] as number) - pixels * mean * mean) / (pixels - 1))),
  ) as Triple;
  if (!(Math.min(...standardDeviations) >= LEAST_SPREAD)) return refused("ONE_COLOUR");
  return { kind: "found", parameters: { method: "REINHARD", means, standardDeviations, pixels } };
};

/** Nothing absorbs light there. Pale tissue absorbs in one channel at least. */
const isGlass = (rgb: Uint8Array, at: number): boolean =>
  density(rgb, at) < LEAST_DENSITY && density(rgb, at + 1) < LEAST_DENSITY && density(rgb, at + 2) < LEAST_DENSITY;

const countKinds = (rgb: Uint8Array): { dark: number; stained: number; glass: number } => {
  let dark = 0;
  let stained = 0;
  let glass = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    if (Math.max(rgb[at] as number, rgb[at + 1] as number, rgb[at + 2] as number) < DARK_BRIGHTNESS) dark++;
    if (isStained(rgb, at)) stained++;
    if (isGlass(rgb, at)) glass++;
  }
  return { dark, stained, glass };
};

/**
 * Glass thinned out evenly to as many pixels as are not glass. Percentiles, means and spreads are those of all pixels: nine tenths of
 * glass would make the strongest stain out of a pale one, and tissue of four times its density.
 */
const withoutMostGlass = (rgb: Uint8Array, glass: number): Uint8Array => {
  const tissue = rgb.length / 3 - glass;
  if (glass <= tissue) return rgb;
  const kept = new Uint8Array(2 * tissue * 3);
  let next = 0;
  let seen = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    if (isGlass(rgb, at) && Math.floor((seen * tissue) / glass) === Math.floor((++seen * tissue) / glass)) continue;
    kept.set(rgb.subarray(at, at + 3), next);
    next += 3;
  }
  return kept;
};

/**
 * What a picture's staining is, from its pixels: eight-bit RGB, shape `[pixels, 3]`. O(pixels log pixels).
 *
 * MACENKO: the vectors of haematoxylin and eosin and their greatest concentrations (M. Macenko et al., A method for
 * normalizing histology slides for quantitative analysis, ISBI 2009), with Io 240, β 0.15 and α 1 as torchstain has them.
 * REINHARD: means and standard deviations of L*, a*, b* (E. Reinhard et al., Color transfer between images, IEEE CG&A 21,
 * 2001), over all pixels as torchstain does. Where more than half of a picture is glass, most of that is left out.
 */
export const estimateStain = (rgb: Uint8Array, method: StainMethod): StainEstimate => {
  const pixels = rgb.length / 3;
  const { dark, stained, glass } = countKinds(rgb);
  if (dark > pixels / 2) return refused("DARK");
  if (stained < Math.max(LEAST_STAINED_PIXELS, LEAST_STAINED_SHARE * pixels)) return refused("TOO_LITTLE_STAIN");
  const looked = withoutMostGlass(rgb, glass);
  return method === "MACENKO" ? estimateMacenko(looked) : estimateReinhard(looked);
};
