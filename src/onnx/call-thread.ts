import { parentPort, Worker } from "node:worker_threads";
import { fromPlainError, type PlainError, toPlainError } from "../platform/plain-error.ts";

/** What a thread can be asked: for each name the arguments and the result, both fit for a structured clone. */
export type CallTable = Record<string, { args: unknown; result: unknown }>;

/** A worker thread that answers calls one at a time, in order, but for those that its side calls urgent. */
export type CallThread<Calls extends CallTable, Ready> = {
  /** What the thread told when it had started. */
  ready: Ready;
  /** The buffers in `transfer` are given away. Rejects with what the thread threw, or an Error when it ended. */
  call<Name extends keyof Calls & string>(
    name: Name,
    args: Calls[Name]["args"],
    transfer?: readonly ArrayBuffer[],
  ): Promise<Calls[Name]["result"]>;
  /** Calls sent and not yet answered. */
  pending(): number;
  /** Lets the calls under way end first. */
  close(): Promise<void>;
  /** Ends the thread at once; calls under way are rejected. */
  terminate(): Promise<void>;
  /** Fulfilled when the thread has ended, closed or not. */
  ended: Promise<void>;
};

type Call = { kind: "call"; id: number; name: string; args: unknown } | { kind: "close" };
type Answer =
  | { kind: "ready"; ready: unknown }
  | { kind: "result"; id: number; result: unknown }
  | { kind: "failed"; id: number | null; error: PlainError };
type Waiting = { resolve(result: unknown): void; reject(error: Error): void };

/** Starts the thread of `file`, which calls `serveCalls`, and resolves when it is ready. */
export const startCallThread = <Calls extends CallTable, Ready>(
  file: URL,
  name: string,
  workerData: unknown,
): Promise<CallThread<Calls, Ready>> => {
  const worker = new Worker(file, { workerData, name });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let stopped: Error | null = null;
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const send = (message: Call, transfer: readonly ArrayBuffer[] = []): void =>
    worker.postMessage(message, [...transfer]);

  const settle = (id: number, use: (promise: Waiting) => void): void => {
    const promise = waiting.get(id);
    waiting.delete(id);
    // An idle thread must not keep a finished program alive; a busy one must.
    if (waiting.size === 0) worker.unref();
    if (promise) use(promise);
  };

  const call = (name: string, args: unknown, transfer?: readonly ArrayBuffer[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (stopped) {
        reject(stopped);
        return;
      }
      const id = nextId++;
      send({ kind: "call", id, name, args }, transfer);
      waiting.set(id, { resolve, reject });
      worker.ref();
    });

  const close = async (): Promise<void> => {
    if (!stopped) {
      stopped = new Error(`${name}: the worker thread was closed.`);
      worker.ref();
      send({ kind: "close" });
    }
    await exited;
  };

  return new Promise((resolve, reject) => {
    const stop = (error: Error): void => {
      stopped ??= error;
      reject(error);
      for (const promise of waiting.values()) promise.reject(error);
      waiting.clear();
    };
    worker.on("message", (answer: Answer) => {
      if (answer.kind === "ready") {
        worker.unref();
        // The table of calls is a promise between both files, which no message can prove.
        resolve({
          ready: answer.ready as Ready,
          call: call as CallThread<Calls, Ready>["call"],
          pending: () => waiting.size,
          close,
          async terminate() {
            await worker.terminate();
          },
          ended: exited,
        });
      } else if (answer.kind === "result") {
        settle(answer.id, ({ resolve }) => resolve(answer.result));
      } else if (answer.id === null) {
        stop(fromPlainError(answer.error));
      } else {
        settle(answer.id, ({ reject }) => reject(fromPlainError(answer.error)));
      }
    });
    worker.on("error", (cause) => stop(new Error(`${name}: the worker thread failed.`, { cause })));
    worker.on("exit", (code) => stop(stopped ?? new Error(`${name}: the worker thread ended with code ${code}.`)));
  });
};

export type CallHandlers<Calls extends CallTable> = {
  [Name in keyof Calls]: (args: Calls[Name]["args"]) => Promise<Calls[Name]["result"]> | Calls[Name]["result"];
};

/** What a thread does with its calls. */
export type Service<Calls extends CallTable, Ready> = {
  ready: Ready;
  handlers: CallHandlers<Calls>;
  /** An urgent call begins at once, beside the one under way, and all others wait for it. */
  isUrgent?(args: unknown): boolean;
  close(): Promise<void>;
};

/** The worker's side. Typed arrays at the top of a result are transferred, so they must be fresh. */
export const serveCalls = async <Calls extends CallTable, Ready>(
  open: () => Promise<Service<Calls, Ready>>,
): Promise<void> => {
  const port = parentPort;
  if (!port) throw new Error("serveCalls runs only in a worker thread.");
  const answer = (message: Answer, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  try {
    const { ready, handlers, isUrgent, close } = await open();
    const handle = async (call: Call): Promise<void> => {
      if (call.kind === "close") {
        await close();
        port.close();
        return;
      }
      try {
        const result = await handlers[call.name as keyof Calls & string](call.args);
        answer({ kind: "result", id: call.id, result }, buffersOf(result));
      } catch (error) {
        answer({ kind: "failed", id: call.id, error: toPlainError(error) });
      }
    };
    let last: Promise<void> = Promise.resolve();
    port.on("message", (call: Call) => {
      const isAtOnce = call.kind === "call" && isUrgent?.(call.args) === true;
      const done = (isAtOnce ? Promise.resolve() : last).then(() => handle(call));
      last = Promise.all([last, done]).then(() => {});
    });
    answer({ kind: "ready", ready });
  } catch (error) {
    answer({ kind: "failed", id: null, error: toPlainError(error) });
    port.close();
  }
};

const buffersOf = (result: unknown): ArrayBuffer[] => {
  const values = ArrayBuffer.isView(result) ? [result] : Object.values(result ?? {});
  const buffers = values.flatMap((value) =>
    ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer ? [value.buffer] : [],
  );
  return [...new Set(buffers)];
};
