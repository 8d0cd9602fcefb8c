import { parentPort, workerData } from "node:worker_threads";
import { isHistoError } from "../../platform/errors.ts";
import { toPlainError } from "../../platform/plain-error.ts";
import { analyseSurvival, type SurvivalPlan } from "./survival.analysis.ts";
import type { SurvivalTable } from "./survival.columns.ts";

const { table, plan } = workerData as { table: SurvivalTable; plan: SurvivalPlan };
try {
  parentPort?.postMessage({ value: analyseSurvival(table, plan) });
} catch (error) {
  if (!isHistoError(error)) throw error;
  parentPort?.postMessage({ failure: toPlainError(error) });
}
