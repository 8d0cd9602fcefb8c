import { startCallThread } from "./call-thread.ts";
import type { GraphSessionOptions } from "./session.ts";

/** Numbers of a tensor as they travel between threads; half precision as its 16 bits. */
export type TensorData =
  | { type: "float32"; dims: readonly number[]; data: Float32Array }
  | { type: "float16"; dims: readonly number[]; data: Uint16Array }
  | { type: "int32"; dims: readonly number[]; data: Int32Array };

export type GraphRun = {
  graph: string;
  feeds: Readonly<Record<string, TensorData>>;
  /** Inputs that are read from what the thread keeps: input → slot. */
  kept?: Readonly<Record<string, string>> | undefined;
  /** Outputs that the thread keeps: output → slot. */
  keep?: Readonly<Record<string, string>> | undefined;
  /** Outputs that are sent back. */
  fetch: readonly string[];
};

export type GraphResult = { outputs: Record<string, TensorData> };

export type GraphCalls = {
  open: { args: { graph: string; model: Uint8Array }; result: null };
  run: { args: GraphRun; result: GraphResult };
  put: { args: { slot: string; tensor: TensorData }; result: null };
  get: { args: { slot: string }; result: { tensor: TensorData } };
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

/** Small typed arrays may be windows onto a shared pool, which must not be given away. */
const owned = (tensor: TensorData): TensorData =>
  tensor.data.buffer instanceof ArrayBuffer && tensor.data.byteLength === tensor.data.buffer.byteLength
    ? tensor
    : ({ ...tensor, data: tensor.data.slice() } as TensorData);

const buffersOf = (tensors: readonly TensorData[]): ArrayBuffer[] => [
  ...new Set(tensors.map(({ data }) => data.buffer as ArrayBuffer)),
];

export const startGraphThread = async (options: GraphSessionOptions): Promise<GraphThread> => {
  const { call, close } = await startCallThread<GraphCalls, null>(workerFile, "graphs", options);
  return {
    open: async (graph, model) => {
      await call("open", { graph, model });
    },
    run: ({ feeds, ...rest }) => {
      const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, owned(tensor)]));
      return call("run", { ...rest, feeds: given }, buffersOf(Object.values(given)));
    },
    put: async (slot, tensor) => {
      const given = owned(tensor);
      await call("put", { slot, tensor: given }, buffersOf([given]));
    },
    get: async (slot) => (await call("get", { slot })).tensor,
    close,
  };
};
