import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Random, seededRandom } from "./random.ts";
import { type EnergyTest, energyTest } from "./setDistanceEnergy.ts";
import { medianOfMinima } from "./setDistanceMedian.ts";
import { alongCurve, chooseMosaic, inCurveOrder, MOSAIC_PATCHES, shareOut, spreadOver } from "./setDistanceMosaic.ts";
import { type MatrixProduct, openProduct, transpose } from "./setDistanceProduct.ts";
import { type HalfMatrix, unitRows } from "./setDistanceRows.ts";
import { askSetThread } from "./setDistanceThread.ts";

let product: MatrixProduct;
beforeAll(async () => {
  product = await openProduct(1);
});

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

/** Half-precision rows around a centre. */
const cloud = (random: Random, rows: number, dims: number, centre: readonly number[] = [], spread = 1): HalfMatrix => {
  const values = Float16Array.from(
    { length: rows * dims },
    (_, i) => (centre[i % dims] ?? 0) + spread * normal(random),
  );
  return { rows, dims, halves: new Uint16Array(values.buffer) };
};

const row = (unit: Float32Array, dims: number, index: number) => unit.subarray(index * dims, (index + 1) * dims);
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

describe("the product of matrices", () => {
  it("is that of the definition", async () => {
    const random = seededRandom(3);
    const [rows, inner, columns] = [5, 7, 3];
    const left = Float32Array.from({ length: rows * inner }, () => normal(random));
    const right = Float32Array.from({ length: inner * columns }, () => normal(random));
    const got = await product(left, right, { rows, inner, columns });
    const turned = transpose(right, inner, columns);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        expect(got[r * columns + c]).toBeCloseTo(dot(row(left, inner, r), row(turned, inner, c)), 4);
      }
    }
  });
});

describe("the median of minima", () => {
  it("is that of the definition, for candidates of any number of mosaics", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }), { maxLength: 5 }),
        async (seed, patches, sizes) => {
          const random = seededRandom(seed);
          const dims = 6;
          const query = unitRows(cloud(random, patches, dims));
          const candidates = sizes.map((parts) => parts.map((rows) => cloud(random, rows, dims)));
          const got = await medianOfMinima(product, { query, dims, candidates, nearest: 4 });
          candidates.forEach((parts, index) => {
            const all = parts.flatMap((matrix, part) =>
              Array.from({ length: matrix.rows }, (_, r) => ({ part, row: r, vector: row(unitRows(matrix), dims, r) })),
            );
            const distances = Array.from({ length: patches }, (_, patch) =>
              all.map(({ vector }) => 1 - dot(row(query, dims, patch), vector)),
            );
            const minima = distances.map((each) => Math.min(...each)).sort((a, b) => a - b);
            const middle = minima.length >> 1;
            const median =
              minima.length % 2 === 1
                ? (minima[middle] as number)
                : ((minima[middle] as number) + (minima[middle - 1] as number)) / 2;
            expect(got[index]?.distance).toBeCloseTo(median, 5);
            const nearest = all
              .map(({ part, row: r }, place) => ({
                part,
                row: r,
                distance: Math.min(...distances.map((each) => each[place] as number)),
              }))
              .sort((a, b) => a.distance - b.distance)
              .slice(0, 4);
            expect(got[index]?.nearest.map(({ distance }) => distance)).toEqual(
              nearest.map(({ distance }) => expect.closeTo(distance, 5)),
            );
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it("of a mosaic to itself is 0, also where it takes several products", async () => {
    const matrix = cloud(seededRandom(5), 4000, 4);
    const [first] = await medianOfMinima(product, {
      query: unitRows(matrix),
      dims: 4,
      candidates: [[matrix]],
      nearest: 1,
    });
    expect(first?.distance).toBeLessThan(1e-6);
    expect(first?.nearest).toHaveLength(1);
  });
});

describe("a mosaic", () => {
  const grid = (edge: number) => ({
    x: Array.from({ length: edge * edge }, (_, i) => (i % edge) * 224),
    y: Array.from({ length: edge * edge }, (_, i) => Math.floor(i / edge) * 224),
  });

  it("follows a curve that steps from neighbour to neighbour", () => {
    const edge = 16;
    const cells = Array.from({ length: edge * edge }, (_, i) => ({ x: i % edge, y: Math.floor(i / edge) }));
    const ordered = cells.sort((a, b) => alongCurve(a.x, a.y) - alongCurve(b.x, b.y));
    for (let i = 1; i < ordered.length; i++) {
      const [a, b] = [ordered[i - 1], ordered[i]];
      expect(Math.abs((a?.x ?? 0) - (b?.x ?? 0)) + Math.abs((a?.y ?? 0) - (b?.y ?? 0))).toBe(1);
    }
  });

  it("is looked for among patches of every quarter of a slide alike", () => {
    const places = grid(64);
    const chosen = spreadOver(places, 1000);
    expect(new Set(chosen).size).toBe(1000);
    const quarters = Map.groupBy(
      chosen,
      (i) => `${(places.x[i] as number) < 32 * 224} ${(places.y[i] as number) < 32 * 224}`,
    );
    expect([...quarters.values()].map(({ length }) => length)).toEqual([250, 250, 250, 250]);
    expect([...inCurveOrder(grid(5))].sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => i));
  });

  it("shares out in proportion, to everybody something, to nobody more than there is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 9, max: 100 }),
        (sizes, count) => {
          const total = sizes.reduce((sum, size) => sum + size, 0);
          const shares = shareOut(sizes, count);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBe(Math.min(total, count));
          shares.forEach((share, i) => {
            expect(share).toBeGreaterThanOrEqual(1);
            expect(share).toBeLessThanOrEqual(sizes[i] as number);
          });
        },
      ),
    );
  });

  it("holds of each kind of tissue its share, and the same at every time", async () => {
    const random = seededRandom(8);
    const places = grid(30);
    const dims = 16;
    const axis = (index: number) => Array.from({ length: dims }, (_, i) => (i === index ? 10 : 0));
    // Two thirds of one kind, a third of another, and a spot of nine patches of a third kind.
    const kindOf = (i: number) => (i >= 400 && i < 409 ? 2 : i % 3 === 0 ? 1 : 0);
    const rows = Array.from({ length: 900 }, (_, i) => cloud(random, 1, dims, axis(kindOf(i))).halves);
    const vectors = { rows: 900, dims, halves: Uint16Array.from(rows.flatMap((each) => [...each])) };
    const chosen = await chooseMosaic(product, vectors, places);
    expect(chosen).toHaveLength(MOSAIC_PATCHES);
    expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
    const kinds = Map.groupBy(chosen, kindOf);
    expect(kinds.get(0)?.length).toBeGreaterThan(55);
    expect(kinds.get(1)?.length).toBeGreaterThan(25);
    expect(kinds.get(2)?.length).toBeGreaterThanOrEqual(1);
    expect(await chooseMosaic(product, vectors, places)).toEqual(chosen);
  });

  it("of a small slide is all of it", async () => {
    expect(await chooseMosaic(product, cloud(seededRandom(1), 40, 3), grid(7))).toEqual(
      Array.from({ length: 40 }, (_, i) => i),
    );
  });
});

describe("the energy test", () => {
  const dims = 5;
  const both = (a: HalfMatrix, b: HalfMatrix): Float32Array => Float32Array.from([...unitRows(a), ...unitRows(b)]);
  const distance = (a: Float32Array, b: Float32Array): number =>
    Math.hypot(...a.map((value, i) => value - (b[i] as number)));
  const mean = (a: readonly Float32Array[], b: readonly Float32Array[]): number =>
    a.reduce((sum, x) => sum + b.reduce((inner, y) => inner + distance(x, y), 0), 0) / (a.length * b.length);

  it("gives the distance of the definition", async () => {
    const random = seededRandom(21);
    const [n, m] = [14, 9];
    const vectors = both(cloud(random, n, dims), cloud(random, m, dims, [1, 1]));
    const all = Array.from({ length: n + m }, (_, i) => row(vectors, dims, i));
    const [x, y] = [all.slice(0, n), all.slice(n)];
    const energy = 2 * mean(x, y) - mean(x, x) - mean(y, y);
    const got = await energyTest(product, { vectors, dims, first: n, permutations: 99, seed: 0 });
    expect(got.statistic).toBeCloseTo((energy * n * m) / (n + m), 4);
    expect(got.coefficient).toBeCloseTo(energy / (2 * mean(x, y)), 5);
  });

  it("counts every relabeling of a few members as its p-value says", async () => {
    // 3 and 3: the given labeling and its mirror image are the farthest apart of the 20 there are.
    const vectors = both(cloud(seededRandom(2), 3, dims, [9], 0.1), cloud(seededRandom(4), 3, dims, [0, 9], 0.1));
    const { pValue } = await energyTest(product, { vectors, dims, first: 3, permutations: 9999, seed: 1 });
    expect(pValue).toBeGreaterThan(0.09);
    expect(pValue).toBeLessThan(0.11);
  });

  const pValueOf = async (seed: number, shift: readonly number[]): Promise<EnergyTest> => {
    const random = seededRandom(seed);
    const vectors = both(cloud(random, 12, dims), cloud(random, 15, dims, shift));
    return energyTest(product, { vectors, dims, first: 12, permutations: 199, seed });
  };

  it("has p-values spread evenly where nothing differs, and small ones where it does", async () => {
    const pValues = [];
    for (let seed = 0; seed < 200; seed++) pValues.push((await pValueOf(seed, [])).pValue);
    pValues.sort((a, b) => a - b);
    // Kolmogorov's distance to the uniform distribution: 1.63 ÷ √200 is passed once in a hundred.
    const farthest = Math.max(
      ...pValues.map((value, i) => Math.max(Math.abs(value - i / 200), Math.abs(value - (i + 1) / 200))),
    );
    expect(farthest).toBeLessThan(1.63 / Math.sqrt(200));
    for (let seed = 0; seed < 5; seed++) expect((await pValueOf(seed, [3, 3])).pValue).toBe(1 / 200);
  });

  it("of groups that are the same vectors is 0, and never significant", async () => {
    const one = cloud(seededRandom(6), 8, dims);
    const got = await energyTest(product, { vectors: both(one, one), dims, first: 8, permutations: 199, seed: 3 });
    expect(got.coefficient).toBeLessThan(1e-6);
    expect(got.pValue).toBeGreaterThan(0.5);
    const equal = { rows: 4, dims: 2, halves: new Uint16Array(8).fill(0x3c00) };
    const nothing = await energyTest(product, {
      vectors: both(equal, equal),
      dims: 2,
      first: 4,
      permutations: 9,
      seed: 0,
    });
    expect(nothing).toEqual({ statistic: 0, coefficient: 0, pValue: 1 });
  });
});

describe("the thread", () => {
  it("answers in the order asked, and tells what goes wrong", async () => {
    const random = seededRandom(1);
    const matrix = cloud(random, 6, 4);
    const request = { query: unitRows(matrix), dims: 4, candidates: [[matrix]], nearest: 2 };
    const [places, distances] = await Promise.all([
      askSetThread({ kind: "spread", places: { x: [1, 2, 3], y: [1, 1, 1] } }),
      askSetThread({ kind: "median", request }),
    ]);
    expect(places).toEqual([0, 1, 2]);
    expect(distances[0]?.distance).toBeLessThan(1e-6);
    const wrong = { ...request, candidates: [[{ ...matrix, dims: 3 }]] };
    await expect(askSetThread({ kind: "median", request: wrong })).rejects.toThrow();
    expect(await askSetThread({ kind: "median", request })).toHaveLength(1);
  });

  it("leaves whom has been aborted", async () => {
    const reason = new Error("gone");
    const task = { kind: "spread", places: { x: [1], y: [1] } } as const;
    await expect(askSetThread(task, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const asked = askSetThread(task, controller.signal);
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });
});
