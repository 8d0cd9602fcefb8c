import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Centroids,
  type ClusterMetric,
  type Engine,
  kMeans,
  openAssigner,
  openEngine,
  type Rows,
  rowsInMemory,
  trainCentroids,
} from "./index.ts";
import { seededRandom } from "./random.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 2 });
});
afterAll(() => engine.close());

const METRICS: ClusterMetric[] = ["cosine", "euclidean"];

/** Rows around `groups` centres, row r around centre r % groups; as the bits of half precision. */
const grouped = (rows: number, dims: number, groups: number, seed: number, spread = 0.1): Uint16Array => {
  const random = seededRandom(seed);
  const centres = Array.from({ length: groups * dims }, () => random.next() * 2 - 1);
  const values = Float16Array.from(
    { length: rows * dims },
    (_, i) => (centres[(Math.floor(i / dims) % groups) * dims + (i % dims)] ?? 0) + spread * (random.next() - 0.5),
  );
  return new Uint16Array(values.buffer);
};

const floats = (rows: Rows): Float32Array =>
  rows instanceof Float32Array ? rows : Float32Array.from(new Float16Array(rows.buffer as ArrayBuffer));

/** Distances by the definition, one at a time, in doubles. */
const bruteForce = (rows: Rows, { metric, values, clusters, dims }: Centroids): number[][] => {
  const all = floats(rows);
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  return Array.from({ length: all.length / dims }, (_, row) => {
    const x = all.subarray(row * dims, (row + 1) * dims);
    return Array.from({ length: clusters }, (_, cluster) => {
      const c = values.subarray(cluster * dims, (cluster + 1) * dims);
      if (metric === "cosine") return 1 - dot(x, c) / Math.sqrt(dot(x, x) * dot(c, c));
      return Math.sqrt(x.reduce((sum, v, i) => sum + (v - (c[i] ?? 0)) ** 2, 0));
    });
  });
};

const source = fc.record({
  metric: fc.constantFrom(...METRICS),
  rows: fc.integer({ min: 12, max: 1500 }),
  dims: fc.integer({ min: 2, max: 40 }),
  clusters: fc.integer({ min: 1, max: 12 }),
  seed: fc.nat(),
});

describe("kMeans", () => {
  it.each(METRICS)("finds groups that lie apart, whatever their order (%s)", async (metric) => {
    const rows = 3000;
    const values = grouped(rows, 24, 6, 3);
    const { assignments, sizes, inertia, distances } = await kMeans(rowsInMemory(values, 24), {
      clusters: 6,
      metric,
      engine,
    });
    expect([...sizes]).toEqual([500, 500, 500, 500, 500, 500]);
    assignments.forEach((cluster, row) => {
      expect(cluster).toBe(assignments[row % 6]);
    });
    const squares = distances.reduce((sum, d) => sum + (metric === "cosine" ? 2 * d : d * d), 0);
    expect(inertia).toBeCloseTo(squares, 6);
  });

  it("assigns to the nearest centroid by the definition, at its distance", async () => {
    await fc.assert(
      fc.asyncProperty(source, async ({ metric, rows, dims, clusters, seed }) => {
        const values = grouped(rows, dims, 5, seed, 1);
        const found = await kMeans(rowsInMemory(values, dims), { clusters, metric, seed, engine });
        const all = bruteForce(values, found.centroids);
        found.assignments.forEach((cluster, row) => {
          const least = Math.min(...(all[row] ?? []).filter((_, index) => !found.centroids.isEmpty[index]));
          expect(found.centroids.isEmpty[cluster]).toBe(false);
          expect(all[row]?.[cluster]).toBeLessThanOrEqual(least + 1e-5);
          expect(found.distances[row]).toBeCloseTo(all[row]?.[cluster] ?? Number.NaN, 5);
        });
        expect(found.sizes.reduce((sum, size) => sum + size, 0)).toBe(rows);
      }),
      { numRuns: 25 },
    );
  });

  it("never raises the inertia from one step to the next", async () => {
    await fc.assert(
      fc.asyncProperty(source, async ({ metric, rows, dims, clusters, seed }) => {
        const values = grouped(rows, dims, 9, seed, 2);
        const options = { clusters, metric, seed, engine, tolerance: 0, restarts: 1, iterations: 12 };
        const { sampleInertia } = await trainCentroids(rowsInMemory(values, dims), options);
        sampleInertia.slice(1).forEach((inertia, step) => {
          expect(inertia).toBeLessThanOrEqual((sampleInertia[step] ?? 0) * (1 + 1e-6) + 1e-9);
        });
      }),
      { numRuns: 25 },
    );
  });

  it.each(METRICS)("gives the same bits again on another engine, and others for another seed (%s)", async (metric) => {
    const values = grouped(5000, 64, 20, 1, 3);
    const options = { clusters: 16, metric, sampleRows: 3000, threads: 2 };
    const first = await kMeans(rowsInMemory(values, 64), { ...options, seed: 5 });
    const again = await kMeans(rowsInMemory(values, 64), { ...options, seed: 5 });
    const other = await kMeans(rowsInMemory(values, 64), { ...options, seed: 6 });
    expect(again).toEqual(first);
    expect(other.centroids.values).not.toEqual(first.centroids.values);
  });

  it("does not depend on how the source cuts its batches, nor on whether it can be read at random", async () => {
    const values = grouped(5000, 32, 20, 1, 3);
    const options = { clusters: 8, sampleRows: 2000, engine };
    const inMemory = await kMeans(rowsInMemory(values, 32), options);
    const streamed = await kMeans(
      {
        rows: 5000,
        dims: 32,
        *batches() {
          for (let row = 0; row < 5000; row += 777) yield values.slice(row * 32, Math.min(5000, row + 777) * 32);
        },
      },
      options,
    );
    expect(streamed).toEqual(inMemory);
  });

  it("takes 32-bit floats, shared memory, and one cluster", async () => {
    const values = floats(grouped(400, 8, 3, 2));
    const shared = new Float32Array(new SharedArrayBuffer(values.byteLength));
    shared.set(values);
    const options = { clusters: 1, metric: "euclidean" as const, engine };
    const found = await kMeans(rowsInMemory(shared, 8), options);
    expect(found).toEqual(await kMeans(rowsInMemory(values, 8), options));
    const mean = Array.from(
      { length: 8 },
      (_, dim) => values.reduce((sum, v, i) => sum + (i % 8 === dim ? v : 0), 0) / 400,
    );
    mean.forEach((value, dim) => {
      expect(found.centroids.values[dim]).toBeCloseTo(value, 5);
    });
  });

  it("leaves clusters beyond the different rows empty: nothing is assigned to them, then or later", async () => {
    const three = grouped(3, 16, 3, 4);
    const found = await kMeans(rowsInMemory(three, 16), { clusters: 10, tooFewRows: "leave-empty", engine });
    expect(found.centroids.isEmpty.filter((empty) => empty)).toHaveLength(7);
    expect([...found.sizes].toSorted()).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(found.inertia).toBeCloseTo(0, 10);
    const repeated = grouped(600, 16, 3, 4, 0);
    const duplicates = await kMeans(rowsInMemory(repeated, 16), { clusters: 10, metric: "euclidean", engine });
    expect(duplicates.centroids.isEmpty.filter((empty) => empty)).toHaveLength(7);
    const assigner = await openAssigner(found.centroids, { engine });
    const rows = grouped(100, 16, 50, 9);
    const { assignments } = await assigner.assign(rows.slice());
    expect([...assignments].some((cluster) => found.centroids.isEmpty[cluster])).toBe(false);
    const distances = await assigner.distances(rows.slice());
    expect(
      [...distances].map((d, i) => (d === Number.POSITIVE_INFINITY) === found.centroids.isEmpty[i % 10]),
    ).not.toContain(false);
    expect((await assigner.nearest(rows.slice(), 10)).count).toBe(3);
    await assigner.close();
  });

  it("keeps its digits when features lie far from the origin", async () => {
    const near = floats(grouped(2000, 16, 4, 5));
    const far = near.map((value) => value + 300);
    const options = { clusters: 4, metric: "euclidean" as const, engine };
    const found = await kMeans(rowsInMemory(far, 16), options);
    expect([...found.sizes]).toEqual([500, 500, 500, 500]);
    expect(found.inertia / (await kMeans(rowsInMemory(near, 16), options)).inertia).toBeCloseTo(1, 2);
  });

  it("refuses what cannot be grouped, and says which row", async () => {
    const values = grouped(50, 8, 3, 2);
    const run = (rows: Rows, options: object) => kMeans(rowsInMemory(rows, 8), { clusters: 2, engine, ...options });
    await expect(run(values, { clusters: 51 })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      inputPath: ["clusters"],
      fix: "Ask for at most 50 clusters.",
    });
    await expect(run(values, { clusters: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(run(values, { clusters: 1.5 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(run(new Uint16Array(0), {})).rejects.toMatchObject({ code: "BAD_ARGUMENT", inputPath: ["rows"] });
    const zeros = values.slice();
    zeros.fill(0, 7 * 8, 8 * 8);
    await expect(run(zeros, {})).rejects.toMatchObject({ code: "BAD_ARGUMENT", inputPath: ["rows", "7"] });
    await expect(run(zeros, { metric: "euclidean" })).resolves.toBeDefined();
    for (const [bits, metric] of [
      [0x7e00, "cosine"],
      [0x7c00, "euclidean"],
      [0xfc00, "cosine"],
      [0x7e00, "euclidean"],
    ]) {
      const broken = values.slice();
      broken[31 * 8 + 3] = Number(bits);
      await expect(run(broken, { metric })).rejects.toMatchObject({ code: "NOT_FINITE", inputPath: ["rows", "31"] });
    }
    const assigner = await openAssigner((await run(values, {})).centroids, { engine });
    const broken = values.slice();
    broken[8] = 0x7e00;
    await expect(assigner.assign(broken.slice())).rejects.toMatchObject({
      code: "NOT_FINITE",
      inputPath: ["rows", "1"],
    });
    await expect(assigner.distances(broken.slice())).rejects.toMatchObject({ code: "NOT_FINITE" });
    await expect(assigner.nearest(broken.slice(), 1)).rejects.toMatchObject({ code: "NOT_FINITE" });
    await expect(assigner.assign(new Float32Array(9))).rejects.toMatchObject({ code: "DIMENSION_MISMATCH" });
    await assigner.close();
  });

  it("refuses a source whose number of rows changed, and stops when it is told to", async () => {
    const values = grouped(500, 8, 3, 2);
    const lying = { ...rowsInMemory(values, 8), rows: 400 };
    await expect(kMeans(lying, { clusters: 2, sampleRows: 100, engine })).rejects.toMatchObject({ code: "CONFLICT" });
    const long = kMeans(rowsInMemory(grouped(20_000, 64, 500, 2, 3), 64), {
      clusters: 400,
      iterations: 10_000,
      tolerance: 0,
      engine,
      signal: AbortSignal.timeout(300),
    });
    await expect(long).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

describe("an assigner", () => {
  it("gives all distances and the nearest clusters by the definition", async () => {
    await fc.assert(
      fc.asyncProperty(source, fc.integer({ min: 1, max: 12 }), async ({ metric, dims, clusters, seed }, wanted) => {
        const { centroids } = await kMeans(rowsInMemory(grouped(300, dims, 9, seed, 1), dims), {
          clusters,
          metric,
          engine,
        });
        const assigner = await openAssigner(centroids, { engine });
        const rows = grouped(1100, dims, 7, seed + 1, 2);
        const all = bruteForce(rows, centroids);
        const distances = await assigner.distances(rows.slice());
        const nearest = await assigner.nearest(rows.slice(), wanted);
        const { assignments } = await assigner.assign(rows.slice());
        await assigner.close();
        const tolerance = metric === "cosine" ? 1e-5 : 2e-3;
        expect(nearest.count).toBe(Math.min(wanted, clusters));
        all.forEach((expected, row) => {
          expected.forEach((distance, cluster) => {
            expect(Math.abs((distances[row * clusters + cluster] ?? 0) - distance)).toBeLessThan(tolerance);
          });
          const sorted = expected.toSorted((a, b) => a - b);
          for (let rank = 0; rank < nearest.count; rank++) {
            const at = row * nearest.count + rank;
            expect(Math.abs((nearest.distances[at] ?? 0) - (sorted[rank] ?? 0))).toBeLessThan(tolerance);
            expect(Math.abs((expected[nearest.clusters[at] ?? -1] ?? Number.NaN) - (sorted[rank] ?? 0))).toBeLessThan(
              tolerance,
            );
          }
          expect(nearest.clusters[row * nearest.count]).toBe(assignments[row]);
        });
      }),
      { numRuns: 15 },
    );
  });
});
