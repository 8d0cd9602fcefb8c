import { parentPort, workerData } from "node:worker_threads";
import { isHistoError } from "../../platform/errors.ts";
import { analyseSurvival, type SurvivalPlan, toFailure } from "./survival.analysis.ts";
import type { SurvivalTable } from "./survival.columns.ts";

const { table, plan } = workerData as { table: SurvivalTable; plan: SurvivalPlan };
try {
  parentPort?.postMessage({ value: analyseSurvival(table, plan) });
} catch (error) {
  if (!isHistoError(error)) throw error;
  parentPort?.postMessage({ failure: toFailure(error) });
}
