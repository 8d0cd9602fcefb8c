import onnxProto from "onnx-proto";
import { HistoError } from "../platform/errors.ts";
import { int, type Value } from "./graph-builder.ts";
import { ELEMENT_TYPES, type OnnxAttribute, type OnnxNode, type OnnxTensor } from "./proto.ts";

const { onnx } = onnxProto;
const { TENSOR, FLOAT, FLOATS } = onnx.AttributeProto.AttributeType;

/** The largest finite half; masks such as -3.4e38 become it and stay a mask. */
const LARGEST_HALF = 65_504;

/**
 * Sums, powers and normalisations leave the range of a half, or lose its 11 bits, long before a product does. Of each the
 * inputs that hold numbers; null for all.
 */
const STAYS_SINGLE: Readonly<Record<string, readonly number[] | null>> = {
  LayerNormalization: null,
  InstanceNormalization: null,
  GroupNormalization: null,
  Softmax: null,
  LogSoftmax: null,
  GlobalAveragePool: null,
  ReduceMean: [0],
  ReduceSum: [0],
  ReduceL2: [0],
  Pow: null,
  Exp: null,
  Log: null,
  Sqrt: null,
  Reciprocal: null,
  Range: null,
  // Of weights that are stored in 8 bits: their scale is the only float that goes in.
  DequantizeLinear: [1],
};

/** Inputs that ONNX wants in 32 bits whatever the others are. */
const WANTS_SINGLE: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2], Upsample: [1] };

/** Operators whose numbers have a type of their own. */
const REFUSED =
  /^(?:QuantizeLinear|DynamicQuantizeLinear|QLinear.*|.*Integer|Random.*|Bernoulli|Multinomial|EyeLike|If|Loop|Scan)$/;

export type GraphBody = { node: OnnxNode[]; initializer: OnnxTensor[] };

/**
 * The same computation in half precision: every 32-bit float of the body becomes 16 bits, but for the operators whose
 * results would suffer, which get their inputs as 32 bits and give theirs as 16. Types of integers are untouched.
 * `fresh` begins every new name and nothing else.
 *
 * Throws MODEL_INCOMPATIBLE for quantised models and those with random numbers or branches.
 */
export const toHalfPrecision = ({ node, initializer }: GraphBody, fresh: string): GraphBody => {
  const refused = node.find(({ opType, attribute }) => REFUSED.test(opType ?? "") || attribute?.some(hasGraph));
  if (refused) {
    throw new HistoError("MODEL_INCOMPATIBLE", `Operator ${refused.opType} cannot be turned into half precision.`, {
      fix: "Compute in float32, or export the model in half precision.",
    });
  }
  let names = 0;
  const cast = (value: Value, type: "float32" | "float16", as: Value): OnnxNode => ({
    name: `${fresh}cast${names++}`,
    opType: "Cast",
    input: [value],
    output: [as],
    attribute: [{ name: "to", type: onnx.AttributeProto.AttributeType.INT, i: int(ELEMENT_TYPES[type]).int }],
  });
  const weights = new Map(initializer.map((each) => [each.name ?? "", each]));
  const kept: OnnxTensor[] = [];
  /** Values that exist in 32 bits too, by the names of their halves. */
  const wide = new Map<Value, Value>();

  /** The node with the inputs at these positions (null: all) in 32 bits, behind the casts that this takes. */
  const widen = (each: OnnxNode, positions: readonly number[] | null): { node: OnnxNode; casts: OnnxNode[] } => {
    const casts: OnnxNode[] = [];
    const input = (each.input ?? []).map((name, at) => {
      if (name === "" || (positions !== null && !positions.includes(at))) return name;
      const weight = weights.get(name);
      if (weight && weight.dataType !== ELEMENT_TYPES.float32) return name;
      const known = wide.get(name);
      if (known !== undefined) return known;
      const as = `${fresh}wide${names++}`;
      wide.set(name, as);
      if (weight) kept.push({ ...weight, name: as });
      else casts.push(cast(name, "float32", as));
      return as;
    });
    return { node: { ...each, input }, casts };
  };
  const stayingSingle = (each: OnnxNode, positions: readonly number[] | null): OnnxNode[] => {
    const { node: widened, casts } = widen(each, positions);
    const after: OnnxNode[] = [];
    const output = (each.output ?? []).map((name) => {
      if (name === "") return name;
      const as = `${fresh}wide${names++}`;
      wide.set(name, as);
      after.push(cast(as, "float16", name));
      return as;
    });
    return [...casts, { ...widened, output }, ...after];
  };
  const converted = node.flatMap((each) => {
    const op = each.opType ?? "";
    const stays = STAYS_SINGLE[op];
    if (stays !== undefined) return stayingSingle(each, stays);
    const { node: widened, casts } = widen(each, WANTS_SINGLE[op] ?? []);
    return [...casts, { ...widened, attribute: attributesOf(each) }];
  });
  return { node: converted, initializer: [...initializer.map(halved), ...kept] };
};

const hasGraph = ({ g, graphs }: OnnxAttribute): boolean => Boolean(g) || Boolean(graphs?.length);

/** Attributes that name a type of numbers, or hold some. */
const attributesOf = ({ opType, attribute = [] }: OnnxNode): OnnxAttribute[] => {
  const given = attribute ?? [];
  if (opType === "Cast") {
    return given.map((each) =>
      each.name === "to" && Number(each.i) === ELEMENT_TYPES.float32 ? { ...each, i: ELEMENT_TYPES.float16 } : each,
    );
  }
  if (opType === "Constant") return given.map(constantAttribute);
  if (opType !== "ConstantOfShape") return given;
  // Without a value it gives zeros of 32 bits.
  const value = given.find(({ name }) => name === "value")?.t;
  return [tensorAttribute(halved(value ?? { dims: [1], dataType: ELEMENT_TYPES.float32, floatData: [0] }))];
};

const constantAttribute = (attribute: OnnxAttribute): OnnxAttribute => {
  const { name, type, t, f, floats } = attribute;
  if (name === "value" && type === TENSOR && t) return tensorAttribute(halved(t));
  if (type === FLOAT) return tensorAttribute(halfTensor({ dims: [] }, [f ?? 0]));
  if (type === FLOATS) return tensorAttribute(halfTensor({ dims: [floats?.length ?? 0] }, floats ?? []));
  return attribute;
};

const tensorAttribute = (t: OnnxTensor): OnnxAttribute => ({ name: "value", type: TENSOR, t });

const halved = (tensor: OnnxTensor): OnnxTensor => {
  if (tensor.dataType !== ELEMENT_TYPES.float32) return tensor;
  const { name, dims, rawData, floatData } = tensor;
  // A copy, since the bytes of a file need not lie at a multiple of four.
  const values = rawData?.length ? new Float32Array(new Uint8Array(rawData).buffer) : (floatData ?? []);
  return halfTensor({ ...(name != null && { name }), dims: dims ?? [] }, values);
};

const halfTensor = (shape: Pick<OnnxTensor, "name" | "dims">, values: ArrayLike<number>): OnnxTensor => {
  const halves = new Float16Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    halves[index] = Number.isFinite(value) ? Math.min(LARGEST_HALF, Math.max(-LARGEST_HALF, value)) : value;
  }
  return { ...shape, dataType: ELEMENT_TYPES.float16, rawData: new Uint8Array(halves.buffer) };
};
