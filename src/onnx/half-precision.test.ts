import { Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { createGraphBuilder, type GraphBuilder, int, type Value } from "./graph-builder.ts";
import { toHalfPrecision } from "./half-precision.ts";
import { ELEMENT_TYPES, encodeOnnx, type OnnxModel, type OnnxNode } from "./proto.ts";
import { openGraphSession } from "./session.ts";

type Body = (builder: GraphBuilder, x: Value) => Value;

/** x [n, 4] in 32 bits, the body's nodes in 16, the result in 32. */
const modelOf = (body: Body, half: boolean): OnnxModel => {
  const builder = createGraphBuilder("own/");
  const x = builder.node("Identity", ["x"], {}, "image");
  builder.node("Identity", [body(builder, x)], {}, "vector");
  const model = builder.model();
  const { node = [], initializer = [] } = model.graph ?? {};
  const parts = half
    ? toHalfPrecision({ node: node ?? [], initializer: initializer ?? [] }, "new/")
    : { node, initializer };
  const cast = (from: string, to: string, type: "float16" | "float32"): OnnxNode => {
    const casts = createGraphBuilder();
    casts.node("Cast", [from], { to: int(ELEMENT_TYPES[type]) }, to);
    return casts.parts().node[0] as OnnxNode;
  };
  const outer = createGraphBuilder();
  outer.input("input", "float32", ["n", 4]);
  outer.output("output", "float32", ["n", "d"]);
  const type = half ? "float16" : "float32";
  model.graph = {
    ...model.graph,
    ...outer.parts(),
    node: [cast("input", "x", type), ...(parts.node ?? []), cast("vector", "output", "float32")],
    initializer: parts.initializer ?? [],
  };
  return model;
};

const input = new Tensor("float32", Float32Array.of(0.1, -2, 3.3, 400, 5, 0.25, -0.7, 1), [2, 4]);

const results = async (body: Body): Promise<{ single: number[]; half: number[] }> => {
  const [single = [], half = []] = await Promise.all(
    [false, true].map(async (isHalf) => {
      const session = await openGraphSession(encodeOnnx(modelOf(body, isHalf)), { provider: "cpu", threads: 1 });
      const { output } = await session.run({ input });
      await session.release();
      return Array.from((output?.data ?? []) as Float32Array);
    }),
  );
  return { single, half };
};

const bodies: Record<string, Body> = {
  "a product with weights": (builder, x) =>
    builder.node("Gemm", [x, builder.floats([0.1, 0.2, 0.3, 0.4, 1, 2, 3, 4], [4, 2]), builder.floats([5, 6], [2])]),
  "powers and sums beyond what a half holds": (builder, x) =>
    // 400² = 160,000 overflows 16 bits; its root does not.
    builder.node("Sqrt", [
      builder.node("ReduceMean", [builder.node("Pow", [x, builder.floats([2], [])]), builder.integers([1])]),
    ]),
  "a softmax behind a mask of the lowest number": (builder, x) =>
    builder.node("Softmax", [builder.node("Add", [x, builder.floats([-3.4e38, 0, 0, -3.4e38], [1, 4])])]),
  "layer normalisation": (builder, x) =>
    builder.node("LayerNormalization", [x, builder.floats([1, 2, 3, 4], [4]), builder.floats([0, 1, 0, 1], [4])], {
      axis: int(-1),
    }),
  "shapes, which are integers, and casts": (builder, x) => {
    const shape = builder.node("Shape", [x]);
    const rows = builder.node("Gather", [shape, builder.integers([0])]);
    const zeros = builder.node("ConstantOfShape", [
      builder.node("Concat", [rows, builder.integers([4])], { axis: int(0) }),
    ]);
    const four = builder.node("Cast", [builder.node("Gather", [shape, builder.integers([1])])], {
      to: int(ELEMENT_TYPES.float32),
    });
    return builder.node("Mul", [builder.node("Add", [x, zeros]), four]);
  },
  "resizing, whose scales stay as they are": (builder, x) => {
    const image = builder.node("Reshape", [x, builder.integers([-1, 1, 2, 2])]);
    const larger = builder.node("Resize", [image, "", builder.floats([1, 1, 2, 2], [4])], { mode: "linear" });
    return builder.node("Flatten", [larger], { axis: int(1) });
  },
  "constants among the nodes": (builder, x) =>
    builder.node("Mul", [x, builder.node("Constant", [], { value_float: 2.5 })]),
};

describe("in half precision", () => {
  test.each(Object.entries(bodies))("%s: the same within 11 bits", async (_, body) => {
    const { single, half } = await results(body);
    expect(half).toHaveLength(single.length);
    const scale = Math.max(...single.map(Math.abs));
    single.forEach((value, index) => {
      expect(Math.abs((half[index] ?? Number.NaN) - value) / scale).toBeLessThan(2 ** -10);
    });
  });

  test("products read weights of 16 bits, normalisations their own of 32, and names stay unique", () => {
    const { node = [], initializer } = modelOf(bodies["layer normalisation"] as Body, true).graph ?? {};
    // The normalisation reads what it needs in 32 bits; nobody reads the halves, which the runtime drops.
    const read = new Set((node ?? []).flatMap(({ input: names }) => names ?? []));
    const types = (initializer ?? []).filter(({ name }) => read.has(name ?? "")).map(({ dataType }) => dataType);
    expect(types).toEqual([ELEMENT_TYPES.float32, ELEMENT_TYPES.float32]);
    const product = modelOf(bodies["a product with weights"] as Body, true).graph?.initializer ?? [];
    expect(product.map(({ dataType }) => dataType)).toEqual([ELEMENT_TYPES.float16, ELEMENT_TYPES.float16]);
    const outputs = (node ?? []).flatMap(({ output }) => output ?? []);
    expect(new Set(outputs).size).toBe(outputs.length);
  });

  test("quantised models and branches are refused", () => {
    const refused = (opType: string) => () =>
      toHalfPrecision({ node: [{ opType, input: [], output: [] }], initializer: [] }, "n/");
    for (const op of ["QLinearConv", "MatMulInteger", "If", "RandomNormal"]) {
      expect(refused(op)).toThrow(expect.objectContaining({ code: "MODEL_INCOMPATIBLE" }));
    }
    expect(refused("Relu")).not.toThrow();
  });
});
