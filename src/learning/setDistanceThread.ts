import { extname } from "node:path";
import { type CallThread, startCallThread } from "../onnx/call-thread.ts";
import type { EnergyRequest, EnergyTest } from "./setDistanceEnergy.ts";
import type { SetDistance, SetDistanceRequest } from "./setDistanceMedian.ts";
import type { Places } from "./setDistanceMosaic.ts";
import type { HalfMatrix } from "./setDistanceRows.ts";

/** What the thread can be asked. */
export type SetCalls = {
  spread: { args: { kind: "spread"; places: Places }; result: number[] };
  mosaic: { args: { kind: "mosaic"; vectors: HalfMatrix; places: Places }; result: number[] };
  median: { args: { kind: "median"; request: SetDistanceRequest }; result: SetDistance[] };
  energy: { args: { kind: "energy"; request: EnergyRequest }; result: EnergyTest };
};

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./setDistance-worker${extname(import.meta.url)}`, import.meta.url);

type Thread = CallThread<SetCalls, null>;

/** One for the process, started when it is first needed; it keeps no program alive that has nothing to wait for. */
let current: Promise<Thread> | undefined;

/** One that ended, or could not start, is forgotten, so that the next question starts another. */
const start = (): Promise<Thread> => {
  const thread = startCallThread<SetCalls, null>(WORKER, "set distances", null);
  const forget = () => {
    if (current === thread) current = undefined;
  };
  thread.then(({ ended }) => ended).then(forget, forget);
  return thread;
};

/** Settles like `work`, or as aborted, whichever is sooner. */
const orAborted = async <Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> => {
  if (!signal) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
};

/**
 * Asks the thread in which sets of vectors are compared, so that the event loop stays free. An abort is answered at once; what
 * has been begun is computed to its end, so ask for a second's work at a time.
 */
export const askSetThread = async <Kind extends keyof SetCalls>(
  task: SetCalls[Kind]["args"] & { kind: Kind },
  signal?: AbortSignal,
): Promise<SetCalls[Kind]["result"]> => {
  signal?.throwIfAborted();
  current ??= start();
  return orAborted(
    current.then((thread) => thread.call(task.kind, task)),
    signal,
  );
};
