import { Tensor } from "onnxruntime-node";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import { doublesOf, type GraphPool } from "../onnx/graph-pool.ts";
import { type Random, seededRandom } from "./random.ts";
import { type Eigenpairs, symmetricEigen } from "./symmetricEigen.ts";

/** Up to this size all eigenpairs are taken at once. */
const MOST_DIRECT = 160;
const MOST_ITERATIONS = 200;
/** Relative change of an eigenvalue at which it counts as found. */
const TOLERANCE = 1e-8;

/** Q [p, d], C [d, d] → Q·C·C: two steps of the power method on all rows at once. */
const powerGraph = (builder: GraphBuilder): void => {
  const basis = builder.input("basis", "float64", ["p", "d"]);
  const matrix = builder.input("matrix", "float64", ["d", "d"]);
  builder.node("MatMul", [builder.node("MatMul", [basis, matrix]), matrix], {}, "powered");
  builder.output("powered", "float64", ["p", "d"]);
};

/** Q [p, d], C [d, d] → Q·C·Qᵀ [p, p]. */
const compressGraph = (builder: GraphBuilder): void => {
  const basis = builder.input("basis", "float64", ["p", "d"]);
  const matrix = builder.input("matrix", "float64", ["d", "d"]);
  const product = builder.node("MatMul", [basis, matrix]);
  builder.node("MatMul", [product, builder.node("Transpose", [basis])], {}, "compressed");
  builder.output("compressed", "float64", ["p", "p"]);
};

/** V [p, p], Q [p, d] → V·Q. */
const rotateGraph = (builder: GraphBuilder): void => {
  const rotation = builder.input("rotation", "float64", ["p", "p"]);
  builder.node("MatMul", [rotation, builder.input("basis", "float64", ["p", "d"])], {}, "rotated");
  builder.output("rotated", "float64", ["p", "d"]);
};

/**
 * The `count` greatest eigenpairs of a symmetric positive semidefinite matrix [size, size]: subspace iteration with
 * Rayleigh–Ritz values, begun at random (Halko, Martinsson & Tropp 2011, section 4.4–5), its products as graphs.
 */
export const greatestEigenpairs = async (
  pool: GraphPool,
  matrix: Float64Array,
  size: number,
  count: number,
  seed: number,
): Promise<Eigenpairs> => {
  const width = count + Math.max(16, count >> 1);
  if (size <= MOST_DIRECT || width >= 0.8 * size) {
    const { values, vectors } = symmetricEigen(matrix, size);
    return { values: values.slice(0, count), vectors: vectors.slice(0, count * size) };
  }
  const tensor = new Tensor("float64", matrix, [size, size]);
  const shaped = (values: Float64Array): Tensor => new Tensor("float64", values, [width, size]);
  const random = seededRandom(seed);
  let basis = Float64Array.from({ length: width * size }, () => random.next() - 0.5);
  let values = new Float64Array(width);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const powered = await pool.run("power", powerGraph, { basis: shaped(basis), matrix: tensor });
    basis = Float64Array.from(doublesOf(powered, "powered"));
    orthonormalise(basis, size, random);
    const compressed = await pool.run("compress", compressGraph, { basis: shaped(basis), matrix: tensor });
    const ritz = symmetricEigen(doublesOf(compressed, "compressed"), width);
    const rotation = new Tensor("float64", ritz.vectors, [width, width]);
    const rotated = await pool.run("rotate", rotateGraph, { rotation, basis: shaped(basis) });
    basis = Float64Array.from(doublesOf(rotated, "rotated"));
    const floor = 1e-14 * Math.abs(ritz.values[0] ?? 0);
    const isFound = ritz.values
      .subarray(0, count)
      .every((value, i) => Math.abs(value - (values[i] ?? 0)) <= TOLERANCE * Math.abs(value) + floor);
    values = Float64Array.from(ritz.values);
    if (isFound) break;
  }
  return { values: values.slice(0, count), vectors: basis.slice(0, count * size) };
};

/**
 * Makes the few long rows of `basis` orthonormal (Gram–Schmidt, each row twice, which keeps them so to the last digit).
 * A row that depends on those before it gives way to a random one.
 */
const orthonormalise = (basis: Float64Array, length: number, random: Random): void => {
  const rows = Array.from({ length: basis.length / length }, (_, i) => basis.subarray(i * length, (i + 1) * length));
  rows.forEach((row, index) => {
    for (let attempt = 0; attempt < 3; attempt++) {
      const before = Math.sqrt(dot(row, row));
      for (let pass = 0; pass < 2; pass++) {
        for (let earlier = 0; earlier < index; earlier++) subtractAlong(row, rows[earlier] ?? row);
      }
      const after = Math.sqrt(dot(row, row));
      if (after > before * 1e-13) {
        for (let i = 0; i < length; i++) row[i] = (row[i] ?? 0) / after;
        return;
      }
      for (let i = 0; i < length; i++) row[i] = random.next() - 0.5;
    }
  });
};

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};

const subtractAlong = (row: Float64Array, unit: Float64Array): void => {
  const along = dot(row, unit);
  for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) - along * (unit[i] ?? 0);
};
