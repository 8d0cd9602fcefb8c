import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { EnergyRequest, EnergyTest } from "./setDistanceEnergy.ts";
import type { SetDistance, SetDistanceRequest } from "./setDistanceMedian.ts";
import type { Places } from "./setDistanceMosaic.ts";
import type { HalfMatrix } from "./setDistanceRows.ts";

/** What the thread can be asked. */
type Tasks = {
  spread: { task: { kind: "spread"; places: Places }; gives: number[] };
  mosaic: { task: { kind: "mosaic"; vectors: HalfMatrix; places: Places }; gives: number[] };
  median: { task: { kind: "median"; request: SetDistanceRequest }; gives: SetDistance[] };
  energy: { task: { kind: "energy"; request: EnergyRequest }; gives: EnergyTest };
};
type Kind = keyof Tasks;

export type SetRequest = { id: number; task: Tasks[Kind]["task"] };
export type SetReply = { id: number; value: unknown } | { id: number; error: unknown };

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./setDistance-worker${extname(import.meta.url)}`, import.meta.url);

type Waiting = { resolve(value: unknown): void; reject(error: unknown): void };
type Thread = { worker: Worker; waiting: Map<number, Waiting> };

/** One for the process, started when it is first needed; it keeps no program alive that has nothing to wait for. */
let current: Thread | undefined;
let nextId = 0;

const start = (): Thread => {
  const thread: Thread = { worker: new Worker(WORKER, { name: "set distances" }), waiting: new Map() };
  const fail = (error: unknown): void => {
    if (current === thread) current = undefined;
    for (const { reject } of thread.waiting.values()) reject(error);
    thread.waiting.clear();
  };
  thread.worker.on("message", (reply: SetReply) => {
    const promise = thread.waiting.get(reply.id);
    thread.waiting.delete(reply.id);
    if (thread.waiting.size === 0) thread.worker.unref();
    if ("error" in reply) promise?.reject(reply.error);
    else promise?.resolve(reply.value);
  });
  thread.worker.on("error", fail);
  thread.worker.on("exit", (code) => fail(new Error(`The thread of set distances ended with code ${code}.`)));
  return thread;
};

/**
 * Asks the thread in which sets of vectors are compared, so that the event loop stays free. An abort is answered at once; what
 * has been begun is computed to its end, so ask for a second's work at a time.
 */
export const askSetThread = <K extends Kind>(
  task: Tasks[K]["task"] & { kind: K },
  signal?: AbortSignal,
): Promise<Tasks[K]["gives"]> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    current ??= start();
    const { worker, waiting } = current;
    const id = nextId++;
    const stop = () => reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    const settled = () => signal?.removeEventListener("abort", stop);
    waiting.set(id, {
      resolve: (value) => {
        settled();
        resolve(value as Tasks[K]["gives"]);
      },
      reject: (error) => {
        settled();
        reject(error);
      },
    });
    worker.ref();
    worker.postMessage({ id, task } satisfies SetRequest);
  });
