import { setPriority } from "node:os";
import { workerData } from "node:worker_threads";
import { serveCalls } from "../onnx/call-thread.ts";
import { openGraphPool } from "../onnx/graph-pool.ts";
import type { EngineCalls, EngineData, EngineReady } from "./engine-calls.ts";
import { engineHandlers } from "./engine-handlers.ts";

// The thread in which the graphs of this folder run.

/** 0 is a process's ordinary niceness, 19 the greatest: what answers people goes first. */
const ENGINE_NICENESS = 5;
if (process.platform === "linux") setPriority(ENGINE_NICENESS);

await serveCalls<EngineCalls, EngineReady>(async () => {
  const { providers, threads } = workerData as EngineData;
  const pool = await openGraphPool(providers, threads);
  return { ready: { provider: pool.provider }, handlers: engineHandlers(pool), close: pool.close };
});
