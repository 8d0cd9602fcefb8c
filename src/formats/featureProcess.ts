import { fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { fromPlainError, type PlainError } from "../platform/plain-error.ts";
import type { FeatureCalls, FeatureReader } from "./featureThread.ts";

/**
 * Readers in processes of their own: a damaged Arrow or Parquet file can ask their parsers for more memory than JavaScript
 * has, which ends a whole process, threads and all.
 */

export type Question = { id: number; name: keyof FeatureCalls; args: unknown };
export type Answer = { id: number; result?: unknown; error?: PlainError };

const WORKER = fileURLToPath(new URL(`./feature-process-worker${extname(import.meta.url)}`, import.meta.url));

/** Of JavaScript values: a row group of Parquet takes up to one gigabyte, and some more while it is decoded. */
const MOST_MEGABYTES = 3072;

/** Vectors in memory of their own, as a thread gives them: a message is read as views of itself. */
const owned = (result: unknown): unknown => {
  const { halves } = (result ?? {}) as { halves?: Uint16Array };
  return halves ? { halves: halves.slice() } : result;
};

type Waiting = { resolve(result: unknown): void; reject(error: Error): void };

export const startFeatureProcess = (): FeatureReader => {
  // Whoever parses what strangers wrote needs no passwords.
  const child = fork(WORKER, {
    env: {},
    execArgv: [`--max-old-space-size=${MOST_MEGABYTES}`],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let stopped: Error | null = null;
  const stop = (error: Error): void => {
    stopped ??= error;
    for (const { reject } of waiting.values()) reject(stopped);
    waiting.clear();
  };
  child.on("message", ({ id, result, error }: Answer) => {
    const promise = waiting.get(id);
    waiting.delete(id);
    if (error) promise?.reject(fromPlainError(error));
    else promise?.resolve(owned(result));
  });
  child.on("error", (cause) => stop(new Error("features: the process failed.", { cause })));
  child.on("exit", () => stop(new Error("features: the process ended.")));
  const call = (name: keyof FeatureCalls, args: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (stopped) {
        reject(stopped);
        return;
      }
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      child.send({ id, name, args } satisfies Question, (error) => error && stop(error));
    });
  return {
    call: call as FeatureReader["call"],
    async kill() {
      child.kill("SIGKILL");
    },
  };
};
