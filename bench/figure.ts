/** One measured number. `pass` is null where there is no target or nothing could be measured. */
export type Figure = {
  metric: string;
  value: number | null;
  unit: string;
  target: string | null;
  pass: boolean | null;
  note?: string;
  /** Everything else that was measured with it. */
  details?: Record<string, number | string | boolean>;
};

export type Report = (figure: Figure) => void;
/** What the command line says to a benchmark. */
export type BenchOptions = {
  vectors?: string | undefined;
  table?: boolean | undefined;
  patients?: string | undefined;
  cohort?: string | undefined;
  queued?: string | undefined;
  rows?: string | undefined;
  dims?: string | undefined;
  workers?: string | undefined;
  slides?: string | undefined;
};
export type Bench = (report: Report, options?: BenchOptions) => Promise<void>;

export const atLeast = (metric: string, value: number | null, unit: string, least: number, note?: string): Figure => ({
  metric,
  value,
  unit,
  target: `≥ ${least}`,
  pass: value === null ? null : value >= least,
  ...(note !== undefined && { note }),
});

export const atMost = (metric: string, value: number | null, unit: string, most: number, note?: string): Figure => ({
  metric,
  value,
  unit,
  target: `≤ ${most}`,
  pass: value === null ? null : value <= most,
  ...(note !== undefined && { note }),
});

export const fact = (metric: string, value: number | null, unit: string, note?: string): Figure => ({
  metric,
  value,
  unit,
  target: null,
  pass: null,
  ...(note !== undefined && { note }),
});

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};

/** Nearest-rank percentile, `share` from 0 to 1. */
export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN;
