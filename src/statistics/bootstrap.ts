import { HistoError } from "../platform/errors.ts";
import { seededUniform } from "../platform/random.ts";
import { quantileOfSorted } from "./quantileGroups.ts";

export type BootstrapOptions = {
  replicates?: number | undefined;
  confidence?: number | undefined;
  seed?: number | undefined;
};

export type BootstrapLimits = {
  value: number;
  /** Null where hardly any resample has a value. */
  lower: number | null;
  upper: number | null;
  /** Standard deviation over the resamples. */
  standardError: number | null;
};

/**
 * Percentile limits of any statistic by resampling patients with replacement (Efron 1979). `statistic` is given the
 * indices of the drawn patients; null, or a HistoError, says that this resample has no value (a class is absent, nobody died). The
 * difference of two models on the same indices gives a paired comparison.
 *
 * @throws TOO_FEW_PATIENTS without patients, or where the patients themselves have no value.
 */
export const bootstrapLimits = (
  patients: number,
  statistic: (drawn: Uint32Array) => number | null,
  { replicates = 1000, confidence = 0.95, seed = 0 }: BootstrapOptions = {},
): BootstrapLimits => {
  const everyone = Uint32Array.from({ length: patients }, (_, index) => index);
  const value = patients > 0 ? statistic(everyone) : null;
  if (value === null) throw new HistoError("TOO_FEW_PATIENTS", "These patients give no value to put limits on.");
  const random = seededUniform(seed);
  const values: number[] = [];
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    const drawn = everyone.map(() => Math.floor(random() * patients));
    try {
      const found = statistic(drawn);
      if (found !== null) values.push(found);
    } catch (error) {
      if (!(error instanceof HistoError)) throw error;
    }
  }
  // Limits of the few resamples that have a value would not be limits of the statistic.
  if (values.length < replicates / 2 || values.length < 2)
    return { value, lower: null, upper: null, standardError: null };
  const sorted = Float64Array.from(values).sort();
  const mean = values.reduce((total, each) => total + each, 0) / values.length;
  const variance = values.reduce((total, each) => total + (each - mean) ** 2, 0) / (values.length - 1);
  return {
    value,
    lower: quantileOfSorted(sorted, (1 - confidence) / 2),
    upper: quantileOfSorted(sorted, (1 + confidence) / 2),
    standardError: Math.sqrt(variance),
  };
};
