import { availableParallelism } from "node:os";
import { type CallThread, startCallThread } from "../onnx/call-thread.ts";
import type { Device } from "../onnx/providers.ts";
import { HistoError } from "../platform/errors.ts";
import type { EngineCalls, EngineData, EngineReady } from "./engine-calls.ts";
import { isShared, type Rows } from "./rowSource.ts";
import type { EngineChoice } from "./types.ts";

/** A worker thread in which graphs run; open one to share it between many calls, each of which would start its own. */
export type Engine = {
  /** What really runs. */
  provider: Device;
  /** For the functions of this folder. */
  call: CallThread<EngineCalls, EngineReady>["call"];
  /** A name for something that stays in the thread. */
  newHandle(): number;
  close(): Promise<void>;
};

export type EngineOptions = {
  /** In order of preference; the first that runs is taken. Default: "cpu". */
  providers?: readonly Device[];
  /** Threads that one operator may use. Default: every core. Results may differ in their last bits between numbers of threads. */
  threads?: number;
};

// Beside this file under either extension: as source, or emitted for publishing.
const workerFile = new URL(`./engine-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Starts an engine; BAD_ARGUMENT when none of the providers runs here. */
export const openEngine = async ({ providers = ["cpu"], threads }: EngineOptions = {}): Promise<Engine> => {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new HistoError("BAD_ARGUMENT", `${threads} is no number of threads.`, {
      fix: "Give a whole number from 1.",
      path: ["threads"],
    });
  }
  const data: EngineData = { providers, threads: threads ?? availableParallelism() };
  const { ready, call, close } = await startCallThread<EngineCalls, EngineReady>(workerFile, "learning", data);
  let handles = 0;
  return { provider: ready.provider, call, close, newHandle: () => handles++ };
};

/** Runs `work` on the engine that was chosen, or on one of its own that it closes again. */
export const withEngine = async <Result>(
  choice: EngineChoice,
  work: (engine: Engine) => Promise<Result>,
): Promise<Result> => {
  if (choice.engine) return work(choice.engine);
  const engine = await openEngine(choice);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
};

/** Rows that may be given away, with the buffers to transfer: views of larger buffers are copied, shared ones are shared. */
export const forTransfer = (rows: Rows): { rows: Rows; transfer: ArrayBuffer[] } => {
  if (isShared(rows)) return { rows, transfer: [] };
  const own = rows.byteLength === rows.buffer.byteLength ? rows : rows.slice();
  return { rows: own, transfer: [own.buffer as ArrayBuffer] };
};
