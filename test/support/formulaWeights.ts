import { tensor } from "../../src/onnx/graph-builder.ts";
import { graphInputs } from "../../src/onnx/graph-values.ts";
import { encodeOnnx, loadOnnx } from "../../src/onnx/proto.ts";

/**
 * Weights and pictures by formula, to the last bit those of `tools/encoders/formula.py`: the value at index i of a tensor
 * is u = h(i) / 2³¹ - 1, with h a 32-bit mix of i and of the tensor's name.
 */

const fnv1a = (text: string): number =>
  Buffer.from(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);

/** The 32-bit finaliser of C. Wellons' hash-prospector ("lowbias32"). */
const mixed = (value: number): number => {
  let x = value;
  x ^= x >>> 16;
  x = Math.imul(x, 0x21f0aaad);
  x ^= x >>> 15;
  x = Math.imul(x, 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
};

const hashAt = (key: number, index: number): number => mixed((Math.imul(index, 0x9e3779b1) + key) >>> 0);

/** A weight is offset + scale · u; the scale keeps a signal's size through the layers (He et al., ICCV 2015). */
const offsetAndScale = (name: string, dims: readonly number[]): readonly [offset: number, scale: number] => {
  if (name.endsWith("running_var")) return [1, 0.5];
  if (/token|pos_embed|position_bias/.test(name)) return [0, 0.5];
  if (dims.length > 1) return [0, Math.sqrt(6 / dims.slice(1).reduce((product, dim) => product * dim, 1))];
  return /(bias|running_mean)$/.test(name) ? [0, 0.1] : [0.5, 0.125];
};

const weight = (name: string, dims: readonly number[], seed: number): Float32Array => {
  const key = fnv1a(`${seed}/${name}`);
  const [offset, scale] = offsetAndScale(name, dims);
  const values = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
  for (let index = 0; index < values.length; index++) {
    values[index] = offset + scale * (hashAt(key, index) / 2 ** 31 - 1);
  }
  return values;
};

/** A graph whose weights are inputs beside `input`, with those weights inside: a model as `registerEncoder` takes it. */
export const filledByFormula = (structure: Uint8Array, seed: number): Uint8Array => {
  const model = loadOnnx(structure);
  const graph = model.graph ?? {};
  const weights = graphInputs(graph).filter(({ name }) => name !== "input");
  graph.initializer = [
    ...(graph.initializer ?? []),
    ...weights.map(({ name, dims }) => {
      const sizes = (dims ?? []).map((dim) => dim ?? 0);
      return tensor(name, "float32", sizes, weight(name, sizes, seed));
    }),
  ];
  graph.input = (graph.input ?? []).filter(({ name }) => name === "input");
  return encodeOnnx(model);
};

/** RGB bytes [side, side, 3]: bands of colour under noise. */
export const pictureByFormula = (name: string, side: number): Uint8Array => {
  const hash = fnv1a(name);
  const key = fnv1a(`0/${name}`);
  const period = 16 + (hash % 48);
  return Uint8Array.from({ length: side * side * 3 }, (_, index) => {
    const [row, column, channel] = [Math.floor(index / (side * 3)), Math.floor(index / 3) % side, index % 3];
    const band = Math.floor((row * (channel + 1) + column * 2) / period) % 2;
    return band * 128 + (hashAt(key, index) >>> 25);
  });
};
