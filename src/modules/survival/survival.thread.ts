import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { createLimiter } from "../../inference/limiter.ts";
import { fromPlainError } from "../../platform/plain-error.ts";
import { analyseSurvival, type Outcome, type SurvivalPlan, type SurvivalResult } from "./survival.analysis.ts";
import type { SurvivalTable } from "./survival.columns.ts";

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./survival.worker${extname(import.meta.url)}`, import.meta.url);

/** Patients times passes over them that take some 20 ms; starting a thread takes longer than that. */
const INLINE_WORK = 60_000;

/** Threads that compute at a time; further analyses wait. */
const threads = createLimiter(2);

const workOf = (table: SurvivalTable, { cox }: SurvivalPlan): number => {
  const coefficients = (cox?.terms ?? []).reduce((sum, index) => {
    const column = table.columns[index];
    return sum + (column?.kind === "category" ? column.names.length : 1);
  }, 0);
  return table.patients * (1 + coefficients * (coefficients + 5));
};

const inThread = (table: SurvivalTable, plan: SurvivalPlan, signal: AbortSignal): Promise<SurvivalResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData: { table, plan } });
    // The caller is answered at once. The thread computes to its end, a second or two, and is forgotten: ending it by
    // force ended the whole process now and then (Node 24.21: "Check failed: (location_) != nullptr" in V8).
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    worker.once("message", (outcome: Outcome<SurvivalResult>) =>
      "value" in outcome ? resolve(outcome.value) : reject(fromPlainError(outcome.failure)),
    );
    worker.once("error", reject);
    worker.once("exit", (code) => {
      signal.removeEventListener("abort", stop);
      reject(new Error(`The survival thread ended with ${code} and no result.`));
    });
  });

/**
 * `analyseSurvival` without holding up other requests: at once where that takes a few milliseconds, else in a thread,
 * for which an abort does not wait.
 */
export const analyseAside = async (
  table: SurvivalTable,
  plan: SurvivalPlan,
  signal: AbortSignal,
): Promise<SurvivalResult> => {
  if (workOf(table, plan) <= INLINE_WORK) return analyseSurvival(table, plan);
  await threads.acquire();
  try {
    signal.throwIfAborted();
    return await inThread(table, plan, signal);
  } finally {
    threads.release();
  }
};
