import { type InferenceSession, Tensor } from "onnxruntime-node";
import { HistoError } from "../platform/errors.ts";
import { createGraphBuilder, type GraphBuilder, int } from "./graph-builder.ts";
import { ELEMENT_TYPES, encodeOnnx } from "./proto.ts";
import { type Device, knownAbsence } from "./providers.ts";
import { openGraphSession } from "./session.ts";

/** Operator set 26 is the first with BitCast, by which half precision comes in. */
const OPSET = 26;

export type Feeds = Record<string, Tensor>;
export type Results = Record<string, Tensor>;

/** Graphs of one thread, each opened when it is first run. `run` blocks its thread. */
export type GraphPool = {
  provider: Device;
  /** Runs the graph of this name, which `build` writes. Equal names must mean equal graphs. */
  run(name: string, build: (builder: GraphBuilder) => void, feeds: Feeds): Promise<Results>;
  close(): Promise<void>;
};

/** Opens the first of `providers` that runs a graph at all; BAD_ARGUMENT when none does. For worker threads only. */
export const openGraphPool = async (providers: readonly Device[], threads: number): Promise<GraphPool> => {
  const provider = await firstThatRuns(providers, threads);
  const sessions = new Map<string, Promise<InferenceSession>>();
  const session = (name: string, build: (builder: GraphBuilder) => void): Promise<InferenceSession> => {
    const open = sessions.get(name) ?? openGraphSession(encode(name, build), { provider, threads });
    sessions.set(name, open);
    return open;
  };
  return {
    provider,
    run: async (name, build, feeds) => ({ ...(await (await session(name, build)).run(feeds)) }),
    close: async () => {
      for (const open of sessions.values()) await (await open).release();
    },
  };
};

const encode = (name: string, build: (builder: GraphBuilder) => void): Uint8Array => {
  const builder = createGraphBuilder();
  build(builder);
  return encodeOnnx(builder.model({ opset: OPSET, name }));
};

const firstThatRuns = async (providers: readonly Device[], threads: number): Promise<Device> => {
  const reasons: string[] = [];
  for (const provider of providers) {
    const absence = knownAbsence(provider, providers);
    try {
      if (absence !== null) throw new Error(absence);
      const session = await openGraphSession(encode("probe", probe), { provider, threads });
      await session.run({ x: new Tensor("float32", new Float32Array(4), [2, 2]) });
      await session.release();
      return provider;
    } catch (error) {
      const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
      reasons.push(`${provider}: ${line.replace(/\S*[/\\]\S+\s*/g, "").trim()}`);
    }
  }
  throw new HistoError("BAD_ARGUMENT", `No execution provider runs here: ${reasons.join("; ") || "none was named"}.`, {
    fix: 'Add "cpu" to the execution providers.',
    path: ["providers"],
  });
};

const probe = (builder: GraphBuilder): void => {
  const x = builder.input("x", "float32", [2, 2]);
  builder.output(builder.node("MatMul", [x, x]), "float32", [2, 2]);
};

/**
 * An input of half-precision rows [rows, dims], given as their bits, and its values as 32-bit floats.
 * ONNX Runtime for Node takes no float16 tensors where the language has Float16Array (its issue 26791): so the bits come
 * in as integers and are named anew inside.
 */
export const halfInput = (builder: GraphBuilder, name: string): string => {
  const bits = builder.input(name, "uint16", ["rows", "dims"]);
  const halves = builder.node("BitCast", [bits], { to: int(ELEMENT_TYPES.float16) });
  return builder.node("Cast", [halves], { to: int(ELEMENT_TYPES.float32) });
};

/** The numbers of a result, of the type that its graph declares. */
export const floatsOf = (results: Results, name: string): Float32Array => {
  const data = results[name]?.data;
  if (data instanceof Float32Array) return data;
  throw new Error(`The graph gave no 32-bit floats as ${name}.`);
};

export const doublesOf = (results: Results, name: string): Float64Array => {
  const data = results[name]?.data;
  if (data instanceof Float64Array) return data;
  throw new Error(`The graph gave no 64-bit floats as ${name}.`);
};

export const integersOf = (results: Results, name: string): Int32Array => {
  const data = results[name]?.data;
  if (data instanceof Int32Array) return data;
  throw new Error(`The graph gave no 32-bit integers as ${name}.`);
};
