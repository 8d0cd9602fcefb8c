import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Engine, kMeans, openEngine, openProjector, pca, projectedRows, rowsInMemory } from "./index.ts";
import { seededRandom } from "./random.ts";
import { symmetricEigen } from "./symmetricEigen.ts";

const numbers = z.array(z.number());
const variances = { explainedVariance: numbers, explainedVarianceRatio: numbers };
/** Figures that scikit-learn gave; `source` in the file says how. */
const reference = z
  .object({
    silhouette: z.object({ rows: z.array(numbers) }),
    pca: z.object({
      ...variances,
      mean: numbers,
      components: z.array(numbers),
      projected: z.array(numbers),
      whitened: z.array(numbers),
    }),
    pcaLarge: z.object(variances),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "reference/sklearn.json"), "utf8")));

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine();
});
afterAll(() => engine.close());

const close = (found: ArrayLike<number>, expected: readonly number[], relative: number): void => {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((found[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(relative * Math.max(1e-3, Math.abs(value)));
  });
};

const small = () => rowsInMemory(Float32Array.from(reference.silhouette.rows.flat()), 4);

describe("pca", () => {
  it("gives scikit-learn's mean, components, variances and coordinates", async () => {
    const found = await pca(small(), { components: 4, engine });
    close(found.mean, reference.pca.mean, 1e-5);
    close(found.explainedVariance, reference.pca.explainedVariance, 1e-5);
    close(found.explainedVarianceRatio, reference.pca.explainedVarianceRatio, 1e-5);
    close(found.directions, reference.pca.components.flat(), 1e-3);
    const projector = await openProjector(found, { engine });
    const rows = Float32Array.from(reference.silhouette.rows.slice(0, 5).flat());
    close(await projector.project(rows), reference.pca.projected.flat(), 1e-3);
    await projector.close();
  });

  it("whitens as scikit-learn does", async () => {
    const found = await pca(small(), { components: 3, whiten: true, engine });
    const projector = await openProjector(found, { engine });
    const rows = Float32Array.from(reference.silhouette.rows.slice(0, 5).flat());
    close(await projector.project(rows), reference.pca.whitened.flat(), 1e-3);
    await projector.close();
  });

  it("gives scikit-learn's variances where the eigenpairs are iterated for, in batches of any size", async () => {
    const [rows, dims] = [600, 200];
    const values = Float32Array.from({ length: rows * dims }, (_, at) => {
      const [i, j] = [Math.floor(at / dims), at % dims];
      return Math.sin((i + 1) * (j + 1) * 0.37) * 0.97 ** j + 0.2 * Math.cos(i * 0.11 + j);
    });
    const options = { components: 12, engine };
    const found = await pca(rowsInMemory(values, dims), options);
    close(found.explainedVariance, reference.pcaLarge.explainedVariance, 1e-4);
    close(found.explainedVarianceRatio, reference.pcaLarge.explainedVarianceRatio, 1e-4);
    const cut = await pca(
      {
        rows,
        dims,
        *batches() {
          for (let row = 0; row < rows; row += 170) yield values.slice(row * dims, Math.min(rows, row + 170) * dims);
        },
      },
      options,
    );
    close(cut.explainedVariance, reference.pcaLarge.explainedVariance, 1e-4);
    expect(await pca(rowsInMemory(values, dims), options)).toEqual(found);
  });

  it("finds fewer directions than asked for without inventing variance, and keeps them orthonormal", async () => {
    const random = seededRandom(3);
    const axes = Array.from({ length: 5 * 240 }, () => random.next() - 0.5);
    const values = Float32Array.from({ length: 300 * 240 }, () => 0);
    for (let row = 0; row < 300; row++) {
      for (let axis = 0; axis < 5; axis++) {
        const weight = random.next() * (axis + 1);
        for (let i = 0; i < 240; i++)
          values[row * 240 + i] = (values[row * 240 + i] ?? 0) + weight * (axes[axis * 240 + i] ?? 0);
      }
    }
    const { directions, explainedVariance, explainedVarianceRatio } = await pca(rowsInMemory(values, 240), {
      components: 9,
      engine,
    });
    expect(explainedVarianceRatio.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    for (const none of explainedVariance.subarray(5)) expect(none).toBeLessThan(1e-5);
    for (let a = 0; a < 9; a++) {
      for (let b = 0; b <= a; b++) {
        let dot = 0;
        for (let i = 0; i < 240; i++) dot += (directions[a * 240 + i] ?? 0) * (directions[b * 240 + i] ?? 0);
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 9);
      }
    }
  });

  it("feeds K-means: whitened coordinates have variance one along each component", async () => {
    const random = seededRandom(8);
    const values = new Uint16Array(
      Float16Array.from({ length: 3000 * 20 }, (_, i) => random.next() * (1 + (i % 20)) + 4).buffer,
    );
    const source = rowsInMemory(values, 20);
    const projector = await openProjector(await pca(source, { components: 6, whiten: true, engine }), { engine });
    const projected = projectedRows(source, projector);
    const sums = new Float64Array(6);
    for await (const batch of projected.batches()) {
      batch.forEach((value, i) => {
        sums[i % 6] = (sums[i % 6] ?? 0) + value * value;
      });
    }
    for (const sum of sums) expect(sum / 2999).toBeCloseTo(1, 3);
    const { sizes } = await kMeans(projected, { clusters: 5, metric: "euclidean", sampleRows: 1000, engine });
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(3000);
    await projector.close();
  });

  it("refuses what has no components, and rows that are not finite", async () => {
    await expect(pca(small(), { components: 5, engine })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      fix: "Ask for 1 to 4.",
    });
    await expect(pca(rowsInMemory(new Float32Array(4), 4), { components: 1, engine })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
    });
    const broken = Float32Array.from(reference.silhouette.rows.flat());
    broken[9] = Number.NaN;
    await expect(pca(rowsInMemory(broken, 4), { components: 1, engine })).rejects.toMatchObject({
      code: "NOT_FINITE",
      inputPath: ["rows", "2"],
    });
  });
});

describe("symmetricEigen", () => {
  it("gives orthonormal vectors v with A·v = λ·v, greatest λ first", () => {
    const matrices = fc
      .integer({ min: 1, max: 12 })
      .chain((size) =>
        fc.tuple(
          fc.constant(size),
          fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: size * size, maxLength: size * size }),
        ),
      );
    fc.assert(
      fc.property(matrices, ([size, entries]) => {
        const a = Float64Array.from(entries, (_, i) => {
          const [row, column] = [Math.floor(i / size), i % size];
          return (entries[row * size + column] ?? 0) + (entries[column * size + row] ?? 0);
        });
        const { values, vectors } = symmetricEigen(a, size);
        const vector = (i: number): Float64Array => vectors.subarray(i * size, (i + 1) * size);
        const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0);
        for (let i = 0; i < size; i++) {
          if (i > 0) expect(values[i]).toBeLessThanOrEqual((values[i - 1] ?? 0) + 1e-9);
          for (let j = 0; j < size; j++) {
            expect(dot(vector(i), vector(j))).toBeCloseTo(i === j ? 1 : 0, 9);
            expect(dot(a.subarray(j * size, (j + 1) * size), vector(i))).toBeCloseTo(
              (values[i] ?? 0) * (vector(i)[j] ?? 0),
              8,
            );
          }
        }
      }),
    );
  });
});
