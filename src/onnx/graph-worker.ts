import { setPriority } from "node:os";
import { workerData } from "node:worker_threads";
import { type InferenceSession, Tensor } from "onnxruntime-node";
import { HistoError } from "../platform/errors.ts";
import { serveCalls } from "./call-thread.ts";
import type { GraphCalls, GraphResult, GraphRun, TensorData } from "./graph-thread.ts";
import { knownAbsence } from "./providers.ts";
import { type GraphSessionOptions, openGraphSession } from "./session.ts";

// The thread in which graphs run, one at a time and in order, and which keeps tensors (parameters) between their runs.

const options = workerData as GraphSessionOptions;
const sessions = new Map<string, InferenceSession>();
const slots = new Map<string, Tensor>();

const toTensor = ({ type, dims, data }: TensorData): Tensor => {
  if (type !== "float16") return new Tensor(type, data, dims);
  // The package turns 16-bit patterns into a Float16Array, of which Node's interface for addons knows nothing: the runtime
  // would find 0 numbers in it (its issue 26791). It reads the patterns themselves.
  return Object.defineProperty(new Tensor(type, data, dims), "data", { value: data });
};

const toData = ({ type, dims, data }: Tensor): TensorData => {
  if (type === "float32") return { type, dims, data: data as Float32Array };
  if (type === "int32") return { type, dims, data: data as Int32Array };
  throw new Error(`Outputs of type ${type} do not travel.`);
};

const keptAs = (slot: string): Tensor => {
  const tensor = slots.get(slot);
  if (!tensor) throw new Error(`Nothing is kept as ${slot}.`);
  return tensor;
};

const run = async ({ graph, feeds, kept = {}, keep = {}, fetch }: GraphRun): Promise<GraphResult> => {
  const session = sessions.get(graph);
  if (!session) throw new Error(`No graph ${graph} is open.`);
  const inputs = Object.fromEntries([
    ...Object.entries(feeds).map(([name, data]) => [name, toTensor(data)] as const),
    ...Object.entries(kept).map(([name, slot]) => [name, keptAs(slot)] as const),
  ]);
  const outputs = await session.run(inputs, [...fetch, ...Object.keys(keep)]);
  for (const [output, slot] of Object.entries(keep)) slots.set(slot, outputs[output] as Tensor);
  return { outputs: Object.fromEntries(fetch.map((name) => [name, toData(outputs[name] as Tensor)])) };
};

const opened = async (model: Uint8Array): Promise<InferenceSession> => {
  const { provider } = options;
  const absence = knownAbsence(provider, [provider]);
  try {
    if (absence === null) return await openGraphSession(model, options);
  } catch (cause) {
    // The processor always runs: what it refuses is the model.
    if (provider === "cpu") throw cause;
  }
  throw new HistoError("BAD_ARGUMENT", `The execution provider "${provider}" does not run here.`, {
    fix: 'Use "cpu", or look what the command doctor says about it.',
    path: ["provider"],
  });
};

/** 0 is a process's ordinary niceness, 19 the greatest: who reads or answers beside it goes first. */
const NICENESS = 5;
if (process.platform === "linux") setPriority(NICENESS);

// Tensors are never at the top of a result: they are copied and not given away, since they may be kept as well.
await serveCalls<GraphCalls, null>(async () => ({
  ready: null,
  handlers: {
    open: async ({ graph, model }) => {
      await sessions.get(graph)?.release();
      sessions.set(graph, await opened(model));
      return null;
    },
    run,
    put: ({ slot, tensor }) => {
      slots.set(slot, toTensor(tensor));
      return null;
    },
    get: ({ slot }) => ({ tensor: toData(keptAs(slot)) }),
  },
  close: async () => {
    for (const session of sessions.values()) await session.release();
  },
}));
