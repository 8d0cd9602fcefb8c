import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { kMeans, rowsInMemory } from "../src/learning/index.ts";
import { atLeast, atMost, type Bench, fact, median, type Report } from "./figure.ts";
import { clusteredRows } from "./kmeansRows.ts";
import { kmeansSynthetic } from "./kmeansSynthetic.ts";
import { findPython } from "./python.ts";

const run = promisify(execFile);
const here = import.meta.dirname;

const ROWS = 200_000;
const DIMS = 512;
const CLUSTERS = 32;
/** More groups than clusters, as tissue has: no grouping is the right one, so that methods differ by their inertia. */
const GROUPS = 100;
const ROUNDS = 5;

type Sklearn = { fit_ms: number; fit_cpu_ms: number; predict_ms: number; inertia: number };
type Memory = { growthMegabytes: number };

const json = async <Result>(command: string, args: readonly (string | number)[]): Promise<Result> => {
  const { stdout } = await run(command, args.map(String));
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Result;
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * K-means beside scikit-learn's MiniBatchKMeans (batches of 1,024, one start, 32-bit floats, on every core or on one:
 * whichever is faster) on the same rows, in alternate rounds. Ours counts from half precision in memory to every row
 * assigned, its thread's start included; scikit-learn's `fit` assigns every row too.
 */
const besideSklearn = async (report: Report): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  try {
    const rows = clusteredRows(DIMS, GROUPS, 1)(ROWS);
    const file = join(folder, "rows.f2");
    await writeFile(file, rows);
    const python = findPython();
    const ours: { ms: number; cpuMs: number; inertia: number }[] = [];
    const theirs: Sklearn[] = [];
    for (let seed = 0; seed < ROUNDS; seed++) {
      const began = performance.now();
      const cpu = process.cpuUsage();
      const { inertia } = await kMeans(rowsInMemory(rows, DIMS), { clusters: CLUSTERS, metric: "euclidean", seed });
      const { user, system } = process.cpuUsage(cpu);
      ours.push({ ms: performance.now() - began, cpuMs: (user + system) / 1000, inertia });
      if (python === undefined) continue;
      theirs.push(await json<Sklearn>(python, [join(here, "kmeans_sklearn.py"), file, ROWS, DIMS, CLUSTERS, seed]));
    }
    const note = python === undefined ? "needs Python with scikit-learn: see docs/performance.md" : undefined;
    const measured = theirs.length > 0;
    const ms = median(ours.map((each) => each.ms));
    const fit = measured ? median(theirs.map(({ fit_ms }) => fit_ms)) : null;
    const predict = measured ? median(theirs.map(({ predict_ms }) => predict_ms)) : null;
    const inertia = mean(ours.map((each) => each.inertia));
    const ratios = theirs.map((their, round) => (ours[round]?.inertia ?? Number.NaN) / their.inertia);
    report(
      atLeast("speed_vs_sklearn", fit === null ? null : fit / ms, "ratio", 1, note ?? "fit alone, which assigns too"),
    );
    const both = fit === null || predict === null ? null : (fit + predict) / ms;
    report(fact("speed_vs_sklearn_fit_predict", both, "ratio", note));
    const cpu = measured
      ? median(theirs.map((each) => each.fit_cpu_ms)) / median(ours.map((each) => each.cpuMs))
      : null;
    report(
      fact("cpu_vs_sklearn", cpu, "ratio", note ?? "processor time of theirs over ours: what other load cannot change"),
    );
    const against = measured ? inertia / mean(theirs.map((each) => each.inertia)) : null;
    report(atMost("inertia_vs_sklearn", against, "ratio", 1.02, note ?? `means of ${ROUNDS} seeds`));
    report(fact("inertia_vs_sklearn_worst_seed", measured ? Math.max(...ratios) : null, "ratio", note));
    report(fact("kmeans", ms, "ms", `${ROWS} rows of ${DIMS}, ${CLUSTERS} clusters`));
    report(fact("sklearn_fit", fit, "ms", note));
    report(fact("sklearn_predict", predict, "ms", note));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** By how much streamed rows raise the peak of memory: no more for a million than for a quarter of it. */
const memory = async (report: Report): Promise<void> => {
  const quarter = await json<Memory>(process.execPath, [join(here, "kmeansMemory.ts"), 250_000, DIMS, CLUSTERS]);
  const million = await json<Memory>(process.execPath, [join(here, "kmeansMemory.ts"), 1_000_000, DIMS, CLUSTERS]);
  report(atMost("memory_1m_mb", million.growthMegabytes, "MB", 512, "the rows themselves are 1,024 MB"));
  report(fact("memory_1m_vs_250k", million.growthMegabytes / quarter.growthMegabytes, "ratio"));
};

export const kmeans: Bench = async (report, options) => {
  await besideSklearn(report);
  await memory(report);
  const patients = options?.patients === undefined ? undefined : Number(options.patients);
  await kmeansSynthetic(report, findPython(), patients);
};
