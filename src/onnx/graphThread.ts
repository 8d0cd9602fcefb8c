import { Worker } from "node:worker_threads";
import {
  fromPlainError,
  type GraphReply,
  type GraphRequest,
  type GraphRun,
  type GraphWorkerData,
  type TensorData,
} from "./graphMessages.ts";
import type { GraphSessionOptions } from "./session.ts";

export type { GraphRun, TensorData } from "./graphMessages.ts";

export type GraphResult = {
  outputs: Record<string, TensorData>;
  /** In the thread, without waiting for its turn. */
  tookMs: number;
};

/**
 * A worker thread with graphs in it, since ONNX Runtime blocks the thread that it runs on. Calls are answered in their
 * order. Tensors that are kept there under a name (a slot), such as parameters, need not travel for every run.
 */
export type GraphThread = {
  open(graph: string, model: Uint8Array): Promise<void>;
  /** The buffers of the feeds are given away. */
  run(request: GraphRun): Promise<GraphResult>;
  put(slot: string, tensor: TensorData): Promise<void>;
  /** A copy of what is kept. */
  get(slot: string): Promise<TensorData>;
  close(): Promise<void>;
};

// Beside this file under either extension: as source, or emitted for publishing.
const workerFile = new URL(`./graph-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

type Waiting = { resolve(result: GraphResult): void; reject(error: Error): void };
type Asked = Exclude<GraphRequest, { kind: "close" }>;
type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;

/** Small typed arrays may be windows onto a shared pool, which must not be given away. */
const owned = (tensor: TensorData): TensorData =>
  tensor.data.buffer instanceof ArrayBuffer && tensor.data.byteLength === tensor.data.buffer.byteLength
    ? tensor
    : ({ ...tensor, data: tensor.data.slice() } as TensorData);

const buffersOf = (tensors: readonly TensorData[]): ArrayBuffer[] => [
  ...new Set(tensors.map(({ data }) => data.buffer as ArrayBuffer)),
];

export const startGraphThread = (options: GraphSessionOptions, { niceness = 0 } = {}): GraphThread => {
  const worker = new Worker(workerFile, {
    workerData: { ...options, niceness } satisfies GraphWorkerData,
    name: "graphs",
  });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let stopped: Error | null = null;
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  // An idle thread must not keep a finished program alive; a busy one must.
  worker.unref();

  const stop = (error: Error): void => {
    stopped ??= error;
    for (const promise of waiting.values()) promise.reject(stopped);
    waiting.clear();
  };
  worker.on("message", (reply: GraphReply) => {
    const promise = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
    if (reply.kind === "done") promise?.resolve({ outputs: reply.outputs, tookMs: reply.tookMs });
    else promise?.reject(fromPlainError(reply.error));
  });
  worker.on("error", (cause) => stop(new Error("The thread of graphs failed.", { cause })));
  worker.on("exit", (code) => stop(new Error(`The thread of graphs ended with code ${code}.`)));

  const ask = (request: WithoutId<Asked>, transfer: ArrayBuffer[] = []): Promise<GraphResult> =>
    new Promise((resolve, reject) => {
      if (stopped) {
        reject(stopped);
        return;
      }
      const id = nextId++;
      worker.postMessage({ ...request, id }, transfer);
      waiting.set(id, { resolve, reject });
      worker.ref();
    });

  return {
    open: async (graph, model) => {
      await ask({ kind: "open", graph, model });
    },
    run: ({ feeds, ...rest }) => {
      const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, owned(tensor)]));
      return ask({ kind: "run", ...rest, feeds: given }, buffersOf(Object.values(given)));
    },
    put: async (slot, tensor) => {
      const given = owned(tensor);
      await ask({ kind: "put", slot, tensor: given }, buffersOf([given]));
    },
    get: async (slot) => {
      const { outputs } = await ask({ kind: "get", slot });
      return outputs[slot] as TensorData;
    },
    close: async () => {
      if (!stopped) {
        stopped = new Error("The thread of graphs was closed.");
        worker.ref();
        worker.postMessage({ kind: "close" } satisfies GraphRequest);
      }
      await exited;
    },
  };
};
