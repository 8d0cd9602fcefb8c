import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { compareClusterCounts, type Engine, openEngine, rowsInMemory, silhouette } from "./index.ts";
import { seededRandom } from "./random.ts";

const numbers = z.array(z.number());
const reference = z
  .object({
    silhouette: z.object({ rows: z.array(numbers), labels: numbers, euclidean: numbers, cosine: numbers }),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "reference/sklearn.json"), "utf8"))).silhouette;

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine();
});
afterAll(() => engine.close());

/** Rows around `groups` corners of a cube, row r around corner r % groups. */
const corners = (rows: number, groups: number): Float32Array => {
  const random = seededRandom(1);
  return Float32Array.from({ length: rows * 16 }, (_, i) => {
    const group = Math.floor(i / 16) % groups;
    return (i % groups === group ? 3 : 0) + random.next();
  });
};

test.each(["euclidean", "cosine"] as const)("silhouettes are scikit-learn's (%s)", async (metric) => {
  const source = rowsInMemory(Float32Array.from(reference.rows.flat()), 4);
  const found = await silhouette(source, Int32Array.from(reference.labels), { metric, engine });
  reference[metric].forEach((expected, row) => {
    expect(found.values[row]).toBeCloseTo(expected, 5);
  });
  expect(found.mean).toBeCloseTo(reference[metric].reduce((sum, value) => sum + value, 0) / reference.rows.length, 6);
});

test("a silhouette of one cluster is not a number that could be compared", async () => {
  const source = rowsInMemory(corners(50, 2), 16);
  expect((await silhouette(source, new Int32Array(50), { engine })).mean).toBeNull();
  await expect(silhouette(source, new Int32Array(49), { engine })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
});

test("the true number of groups has the best silhouette, and does not depend on the seed", async () => {
  const source = rowsInMemory(corners(4000, 4), 16);
  const options = { clusters: [1, 2, 3, 4, 6], metric: "euclidean" as const, engine };
  const report = await compareClusterCounts(source, options);
  const [one, , , four, six] = report;
  expect(one).toMatchObject({ clusters: 1, silhouette: null, stability: 1, seeds: 3 });
  const best = report.toSorted((a, b) => (b.silhouette ?? -1) - (a.silhouette ?? -1))[0];
  expect(best?.clusters).toBe(4);
  expect(four?.stability).toBe(1);
  expect(six?.stability).toBeLessThan(1);
  const inertias = report.map(({ inertiaPerRow }) => inertiaPerRow);
  expect(inertias).toEqual(inertias.toSorted((a, b) => b - a));
  expect(await compareClusterCounts(source, options)).toEqual(report);
  await expect(compareClusterCounts(source, { ...options, clusters: [] })).rejects.toMatchObject({
    code: "BAD_ARGUMENT",
  });
  await expect(compareClusterCounts(source, { ...options, clusters: [5000] })).rejects.toMatchObject({
    code: "BAD_ARGUMENT",
  });
});
