import type { openProjector } from "../../learning/index.ts";
import { doublesBytesOf, doublesOf } from "./vectorBytes.ts";

/** Principal components, as far as projecting needs them. */
export type Components = Parameters<typeof openProjector>[0];

/** Mean [dims], directions [components, dims], variances [components]: one run of doubles. */
export const packComponents = ({ mean, directions, explainedVariance }: Components): Uint8Array =>
  doublesBytesOf(Float64Array.from([...mean, ...directions, ...explainedVariance]));

export const unpackComponents = (bytes: Uint8Array, dims: number, components: number, whiten: boolean): Components => {
  const all = doublesOf(bytes);
  const directions = all.subarray(dims, dims + components * dims);
  const explainedVariance = all.subarray(dims + components * dims);
  // What only a fresh analysis knows does not matter for projecting.
  const explainedVarianceRatio = new Float64Array(components);
  return {
    dims,
    components,
    whiten,
    rows: 0,
    mean: all.subarray(0, dims),
    directions,
    explainedVariance,
    explainedVarianceRatio,
  };
};
