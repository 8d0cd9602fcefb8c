import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { type InferenceSession, Tensor } from "onnxruntime-node";
import {
  type GraphReply,
  type GraphRequest,
  type GraphRun,
  type GraphWorkerData,
  type TensorData,
  toPlainError,
} from "./graphMessages.ts";
import { openGraphSession } from "./session.ts";

// The thread in which graphs run, one at a time and in order, and which keeps tensors (parameters) between their runs.

const port = parentPort;
if (!port) throw new Error("graph-worker.ts runs only as a worker thread.");
const { niceness, ...options } = workerData as GraphWorkerData;

const sessions = new Map<string, InferenceSession>();
const slots = new Map<string, Tensor>();

const toTensor = ({ type, dims, data }: TensorData): Tensor => {
  if (type !== "float16") return new Tensor(type, data, dims);
  // The package turns 16-bit patterns into a Float16Array, of which Node's interface for addons knows nothing: the runtime
  // would find 0 numbers in it. It reads the patterns themselves.
  return Object.defineProperty(new Tensor(type, data, dims), "data", { value: data });
};

const toData = (tensor: Tensor): TensorData => {
  const { type, dims, data } = tensor;
  if (type === "float32") return { type, dims, data: data as Float32Array };
  if (type === "int32") return { type, dims, data: data as Int32Array };
  throw new Error(`Outputs of type ${type} do not travel.`);
};

const slot = (name: string): Tensor => {
  const tensor = slots.get(name);
  if (!tensor) throw new Error(`Nothing is kept as ${name}.`);
  return tensor;
};

const run = async ({ graph, feeds, kept = {}, keep = {}, fetch }: GraphRun): Promise<Record<string, TensorData>> => {
  const session = sessions.get(graph);
  if (!session) throw new Error(`No graph ${graph} is open.`);
  const inputs = Object.fromEntries([
    ...Object.entries(feeds).map(([name, data]) => [name, toTensor(data)] as const),
    ...Object.entries(kept).map(([name, from]) => [name, slot(from)] as const),
  ]);
  const outputs = await session.run(inputs, [...fetch, ...Object.keys(keep)]);
  for (const [output, to] of Object.entries(keep)) slots.set(to, outputs[output] as Tensor);
  return Object.fromEntries(fetch.map((name) => [name, toData(outputs[name] as Tensor)]));
};

const answer = async (request: Exclude<GraphRequest, { kind: "close" }>): Promise<Record<string, TensorData>> => {
  switch (request.kind) {
    case "open":
      await sessions.get(request.graph)?.release();
      sessions.set(request.graph, await openGraphSession(request.model, options));
      return {};
    case "put":
      slots.set(request.slot, toTensor(request.tensor));
      return {};
    case "get":
      return { [request.slot]: toData(slot(request.slot)) };
    case "run":
      return run(request);
  }
};

const handle = async (request: GraphRequest): Promise<void> => {
  if (request.kind === "close") {
    for (const session of sessions.values()) await session.release();
    port.close();
    return;
  }
  let reply: GraphReply;
  const began = performance.now();
  try {
    const outputs = await answer(request);
    reply = { kind: "done", id: request.id, outputs, tookMs: performance.now() - began };
  } catch (error) {
    reply = { kind: "failed", id: request.id, error: toPlainError(error) };
  }
  // Copied, not transferred: outputs may lie in memory of ONNX Runtime, or be kept as well. They are small.
  port.postMessage(reply);
};

// On Linux this is the thread's own priority: whoever reads or answers beside it goes first.
if (niceness > 0 && process.platform === "linux") setPriority(niceness);

let last: Promise<void> = Promise.resolve();
port.on("message", (request: GraphRequest) => {
  last = last.then(() => handle(request));
});
