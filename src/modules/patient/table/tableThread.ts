import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { HistoError } from "../../../platform/errors.ts";
import { fromPlainError, type PlainError } from "../../../platform/plain-error.ts";
import type { Interpretation } from "./interpretTable.ts";
import type { KnownAttribute, Meaning } from "./meaning.ts";
import type { TableOptions } from "./readTable.ts";

/** A large table takes seconds of arithmetic: they are spent in a thread of their own, one a table. */

export type TableSource = { text: string; file?: undefined } | { text?: undefined; file: string };

export type TableJob = {
  source: TableSource;
  options: TableOptions;
  meaning: Meaning;
  known: readonly KnownAttribute[];
};

export type TablePlan = Pick<Interpretation, "attributes" | "endpoints" | "unlinked" | "conflicts">;

type Chunk = { kind: "patients" | "slides"; json: string; count: number };

export type TableMessage =
  | ({ kind: "plan" } & TablePlan)
  | Chunk
  | { kind: "end" }
  | { kind: "refused"; error: PlainError };

export type TableThread = {
  plan: TablePlan;
  /** Patients before slides; each chunk a JSON array for the bulk statements of the store. */
  chunks(): AsyncGenerator<Chunk, void, undefined>;
  close(): Promise<void>;
};

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./table.worker${extname(import.meta.url)}`, import.meta.url);
const MAX_HEAP_MEBIBYTES = 4096;
/** A regular expression may take for ever; so long a table may take. */
const MAX_MILLISECONDS = 120_000;

const tooLarge = (): HistoError =>
  new HistoError("LIMIT_EXCEEDED", "The table takes more memory than an import may use.", {
    fix: "Import it in parts, or leave out columns that nobody asks about.",
  });

const tooSlow = (): HistoError =>
  new HistoError("LIMIT_EXCEEDED", `The table was not read within ${MAX_MILLISECONDS / 1000} seconds.`, {
    fix: "Import it in parts, and write patterns without a repetition inside of a repetition.",
  });

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";

/**
 * Reads a table. Ask for `chunks` once, and `close` in any case.
 * @throws HistoError what `readTable` and `interpretTable` refuse; LIMIT_EXCEEDED for time and memory
 */
export const openTable = async (job: TableJob): Promise<TableThread> => {
  const worker = new Worker(WORKER, {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEBIBYTES },
  });
  const next = (): Promise<TableMessage> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(() => reject(tooSlow())), MAX_MILLISECONDS);
      const onMessage = (message: TableMessage) => finish(() => resolve(message));
      const onError = (error: unknown) => finish(() => reject(isOutOfMemory(error) ? tooLarge() : error));
      const onExit = () => finish(() => reject(new Error("The thread that read a table has ended.")));
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        worker.off("message", onMessage).off("error", onError).off("exit", onExit);
        settle();
      };
      worker.once("message", onMessage).once("error", onError).once("exit", onExit);
    });
  const close = async () => {
    await worker.terminate();
  };
  try {
    const plan = await next();
    if (plan.kind === "refused") throw fromPlainError(plan.error);
    if (plan.kind !== "plan") throw new Error(`The thread that reads a table said ${plan.kind} first.`);
    return {
      plan,
      async *chunks() {
        const ask = () => {
          const answer = next();
          // Whoever stops in between must not be ended by a promise that nobody waits for.
          answer.catch(() => {});
          worker.postMessage("next");
          return answer;
        };
        let asked = ask();
        for (;;) {
          const chunk = await asked;
          if (chunk.kind !== "patients" && chunk.kind !== "slides") return;
          // Made while the database takes the one before.
          asked = ask();
          yield chunk;
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
