import fc from "fast-check";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import * as elementwise from "./elementwise.ts";
import * as products from "./products.ts";
import { encodeOnnx } from "./proto.ts";
import * as reductions from "./reductions.ts";
import * as shaping from "./shaping.ts";
import { createTape, type Tape, type Tensor } from "./tape.ts";

type Shape = readonly number[];
type Case = {
  /** Shapes of the operands that are differentiated by. */
  shapes: Shape[];
  build(tape: Tape, operands: Tensor[]): Tensor;
  /** Where the operand's numbers come from; by default −2 … 2. */
  number?: fc.Arbitrary<number>;
};

const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** Written so that the compiler knows nothing of the sizes: free dimensions, as bags have. */
const free = (index: number, shape: Shape): (string | number)[] =>
  shape.map((size, axis) => (size === 1 ? 1 : `d${index}_${axis}`));

const checkGradients = async ({ shapes, build }: Case, numbers: number[][], freely: boolean): Promise<void> => {
  const tape = createTape();
  const leaves = shapes.map((shape, index) =>
    tape.leaf(tape.input(`x${index}`, "float32", freely ? free(index, shape) : shape)),
  );
  const y = build(tape, leaves);
  const weights = tape.input("weights", "float32", y.shape);
  const product = elementwise.multiply(tape, y, weights);
  const axes = y.shape.map((_, axis) => axis);
  const loss = shaping.reshape(tape, axes.length === 0 ? product : reductions.sum(tape, product, axes), []);
  tape.output(y, "y");
  tape.gradients(loss, leaves).forEach((gradient, index) => {
    tape.output(gradient, `g${index}`);
  });
  const session = await InferenceSession.create(encodeOnnx(tape.model("gradient")), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const feed = (values: number[][], w: Float32Array, wShape: Shape) => ({
    ...Object.fromEntries(
      shapes.map((shape, index) => [
        `x${index}`,
        new OrtTensor("float32", Float32Array.from(values[index] ?? []), shape),
      ]),
    ),
    weights: new OrtTensor("float32", w, wShape),
  });
  const sizes = new Map(shapes.flatMap((shape, index) => shape.map((size, axis) => [`d${index}_${axis}`, size])));
  const yShape = y.shape.map((size) => (typeof size === "number" ? size : (sizes.get(size) ?? 0)));
  const w = Float32Array.from({ length: sizeOf(yShape) }, (_, i) => Math.sin(1 + 2.3 * i));
  const found = await session.run(feed(numbers, w, yShape));
  const value = async (values: number[][]): Promise<number> => {
    const out = (await session.run(feed(values, w, yShape), ["y"])).y?.data as Float32Array;
    return out.reduce((total, each, i) => total + each * (w[i] ?? 0), 0);
  };
  const h = 2 ** -7;
  for (const [index, operand] of numbers.entries()) {
    const gradient = found[`g${index}`]?.data as Float32Array;
    expect(found[`g${index}`]?.dims).toEqual(shapes[index]);
    for (let i = 0; i < operand.length; i++) {
      const moved = (by: number) =>
        numbers.map((values, at) => (at === index ? values.with(i, (values[i] ?? 0) + by) : values));
      const difference = ((await value(moved(h))) - (await value(moved(-h)))) / (2 * h);
      expect(Math.abs(difference - (gradient[i] ?? Number.NaN))).toBeLessThanOrEqual(2e-3 * (1 + Math.abs(difference)));
    }
  }
  await session.release();
};

const side = fc.integer({ min: 1, max: 4 });
const ordinary = fc.integer({ min: -128, max: 128 }).map((value) => value / 64 + 1 / 1024);
/** Away from 0, where |x| and relu have a corner, and where 1/x and ln x are steep. */
const positive = fc.integer({ min: 32, max: 192 }).map((value) => value / 64);
const cornerless = fc.tuple(positive, fc.boolean()).map(([value, negative]) => (negative ? -value : value));

/** Two shapes that broadcast: axes of size 1 and missing leading axes on either side. */
const broadcasting = fc
  .tuple(
    fc.array(side, { minLength: 1, maxLength: 3 }),
    fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 }),
    fc.nat(2),
  )
  .map(([shape, kinds, dropped]) => {
    const a = shape.map((size, axis) => (kinds[axis] === 0 ? 1 : size));
    const b = shape.map((size, axis) => (kinds[axis] === 1 ? 1 : size)).slice(Math.min(dropped, shape.length - 1));
    return [a, b] as Shape[];
  });
const anyShape = fc.array(side, { minLength: 1, maxLength: 3 });
const matrix = fc.tuple(side, side).map((shape) => [...shape]);

type Unary = (tape: Tape, x: Tensor) => Tensor;
const unary = (op: Unary, number = ordinary): fc.Arbitrary<Case> =>
  anyShape.map((shape) => ({ shapes: [shape], number, build: (tape, [x]) => op(tape, x as Tensor) }));
const binary = (op: (tape: Tape, a: Tensor, b: Tensor) => Tensor, number = ordinary): fc.Arbitrary<Case> =>
  broadcasting.map((shapes) => ({ shapes, number, build: (tape, [a, b]) => op(tape, a as Tensor, b as Tensor) }));
const overAxes = (op: (tape: Tape, x: Tensor, axes: number[]) => Tensor): fc.Arbitrary<Case> =>
  fc.tuple(anyShape, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 })).map(([shape, chosen]) => {
    const axes = shape.flatMap((_, axis) => (chosen[axis] || axis === 0 ? [axis] : []));
    return { shapes: [shape], build: (tape, [x]) => op(tape, x as Tensor, axes) };
  });
const int32s = (tape: Tape, values: number[]): Tensor => ({
  value: tape.builder.node("Cast", [tape.builder.integers(values)], { to: { int: 6 } }),
  shape: [values.length],
  differentiable: false,
});

/** Sizes must be known for these: they cut or join along them. */
const FIXED = new Set([
  "slice",
  "concat",
  "reshape",
  "layerNorm",
  "matmul, batched",
  "where",
  "dropout",
  "gather",
  "matmul",
  "linear",
]);

const CASES: Record<string, fc.Arbitrary<Case>> = {
  add: binary(elementwise.add),
  subtract: binary(elementwise.subtract),
  multiply: binary(elementwise.multiply),
  divide: binary(elementwise.divide, cornerless),
  negate: unary(elementwise.negate),
  scale: unary((tape, x) => elementwise.scale(tape, x, -1.5, 0.25)),
  relu: unary(elementwise.relu, cornerless),
  tanh: unary(elementwise.tanh),
  sigmoid: unary(elementwise.sigmoid),
  softplus: unary(elementwise.softplus),
  exp: unary(elementwise.exp),
  log: unary(elementwise.log, positive),
  squareRoot: unary(elementwise.squareRoot, positive),
  absolute: unary(elementwise.absolute, cornerless),
  gelu: unary(elementwise.gelu),
  where: broadcasting.map((shapes) => ({
    shapes,
    number: cornerless,
    build: (tape, [a, b]) =>
      elementwise.where(
        tape,
        elementwise.compare(tape, "Greater", elementwise.detached(a as Tensor), tape.constant([0], [])),
        a as Tensor,
        b as Tensor,
      ),
  })),
  dropout: anyShape.map((shape) => ({
    shapes: [shape],
    build: (tape, [x]) =>
      elementwise.dropout(
        tape,
        x as Tensor,
        tape.constant(
          Array.from({ length: sizeOf(shape) }, (_, i) => (i % 2 === 0 ? 2 : 0)),
          shape,
        ),
      ),
  })),
  sum: overAxes(reductions.sum),
  mean: overAxes(reductions.mean),
  logSumExp: overAxes(reductions.logSumExp),
  softmax: anyShape.map((shape) => ({
    shapes: [shape],
    build: (tape, [x]) => reductions.softmax(tape, x as Tensor, shape.length - 1),
  })),
  layerNorm: fc.tuple(side, fc.integer({ min: 3, max: 5 })).map(([rows, width]) => ({
    shapes: [[rows, width], [width], [width]],
    build: (tape, [x, gain, offset]) =>
      // A small variance makes the function too steep for a finite difference; a ramp keeps it away from 0.
      reductions.layerNorm(
        tape,
        elementwise.add(
          tape,
          x as Tensor,
          tape.constant(
            Array.from({ length: width }, (_, i) => 4 * i),
            [width],
          ),
        ),
        gain as Tensor,
        offset as Tensor,
      ),
  })),
  reshape: fc.tuple(side, side, side).map(([a, b, c]) => ({
    shapes: [[a, b, c]],
    build: (tape, [x]) => shaping.reshape(tape, x as Tensor, [a * b, c]),
  })),
  expand: fc.tuple(side, side).map(([rows, columns]) => ({
    shapes: [
      [1, columns],
      [rows, 1],
    ],
    build: (tape, [x, like]) =>
      elementwise.add(
        tape,
        shaping.expandTo(tape, x as Tensor, [(like as Tensor).shape[0] ?? 1, (x as Tensor).shape[1] ?? 1]),
        like as Tensor,
      ),
  })),
  transpose: fc.tuple(side, side, side, fc.shuffledSubarray([0, 1, 2], { minLength: 3 })).map(([a, b, c, order]) => ({
    shapes: [[a, b, c]],
    build: (tape, [x]) => shaping.transpose(tape, x as Tensor, order),
  })),
  slice: fc.tuple(side, fc.integer({ min: 2, max: 5 }), fc.nat(1)).map(([rows, columns, start]) => ({
    shapes: [[rows, columns]],
    build: (tape, [x]) => shaping.slice(tape, x as Tensor, 1, start, columns),
  })),
  concat: fc.tuple(side, side, side).map(([rows, a, b]) => ({
    shapes: [
      [rows, a],
      [rows, b],
    ],
    build: (tape, parts) => shaping.concat(tape, parts, 1),
  })),
  matmul: fc.tuple(side, side, side, fc.boolean(), fc.boolean()).map(([m, k, n, transA, transB]) => ({
    shapes: [transA ? [k, m] : [m, k], transB ? [n, k] : [k, n]],
    build: (tape, [a, b]) => products.matmul(tape, a as Tensor, b as Tensor, { transA, transB }),
  })),
  "matmul, batched": fc
    .tuple(side, side, side, side, fc.boolean(), fc.boolean(), fc.boolean())
    .map(([batch, m, k, n, transA, transB, shared]) => ({
      shapes: [
        [batch, ...(transA ? [k, m] : [m, k])],
        [...(shared ? [] : [batch]), ...(transB ? [n, k] : [k, n])],
      ],
      build: (tape, [a, b]) => products.matmul(tape, a as Tensor, b as Tensor, { transA, transB }),
    })),
  linear: fc.tuple(side, side, side).map(([rows, from, to]) => ({
    shapes: [[rows, from], [to, from], [to]],
    build: (tape, [x, weight, bias]) => products.linear(tape, x as Tensor, weight as Tensor, bias as Tensor),
  })),
  gather: fc
    .tuple(matrix, fc.array(fc.nat(9), { minLength: 1, maxLength: 5 }))
    .map(([[rows = 1, columns = 1], picks]) => ({
      shapes: [[rows, columns]],
      build: (tape, [x]) =>
        products.gather(
          tape,
          x as Tensor,
          int32s(
            tape,
            picks.map((pick) => pick % rows),
          ),
          int32s(
            tape,
            Array.from({ length: rows }, (_, i) => i),
          ),
        ),
    })),
};

const drawn = (cases: fc.Arbitrary<Case>) =>
  cases.chain((each) =>
    fc.record({
      each: fc.constant(each),
      numbers: fc.tuple(
        ...each.shapes.map((shape) =>
          fc.array(each.number ?? ordinary, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }),
        ),
      ),
    }),
  );

describe("a gradient is what finite differences say", () => {
  test.each(Object.keys(CASES))("%s", async (name) => {
    await fc.assert(
      fc.asyncProperty(drawn(CASES[name] as fc.Arbitrary<Case>), async ({ each, numbers }) => {
        // Broadcast axes and free ones do not mix: two free dimensions of different names never go together.
        const freely = each.shapes.length === 1 && !FIXED.has(name);
        await checkGradients(each, numbers, freely);
      }),
      { numRuns: 15 },
    );
  });

  test("max", async () => {
    const distinct = fc.tuple(side, side).chain(([rows, columns]) =>
      fc.record({
        shape: fc.constant([rows, columns]),
        numbers: fc.shuffledSubarray(
          Array.from({ length: rows * columns }, (_, i) => i / 4 - 1),
          { minLength: rows * columns },
        ),
        axis: fc.nat(1),
      }),
    );
    await fc.assert(
      fc.asyncProperty(distinct, ({ shape, numbers, axis }) =>
        checkGradients(
          { shapes: [shape], build: (tape, [x]) => reductions.max(tape, x as Tensor, [axis]) },
          [numbers],
          true,
        ),
      ),
      { numRuns: 15 },
    );
  });
});

test("a value that is used twice gets both parts of its gradient", async () => {
  await checkGradients(
    {
      shapes: [[2, 3]],
      build: (tape, [x]) =>
        elementwise.multiply(tape, elementwise.tanh(tape, x as Tensor), elementwise.exp(tape, x as Tensor)),
    },
    [[0.1, -0.4, 0.9, 1.2, -1.1, 0.3]],
    true,
  );
});

test("shapes that do not go together are refused while the graph is built", () => {
  const tape = createTape();
  const a = tape.input("a", "float32", ["n", 2]);
  expect(() => elementwise.add(tape, a, tape.input("b", "float32", ["m", 2]))).toThrow(/do not go together/);
  expect(() => products.matmul(tape, a, tape.input("c", "float32", [3, 1]))).toThrow(/do not multiply/);
});
