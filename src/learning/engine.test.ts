import { expect, test } from "vitest";
import { kMeans, openAssigner, openEngine, rowsInMemory } from "./index.ts";

const rows = () => Float32Array.of(1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9);

test("an engine serves calls side by side, and none after it was closed", async () => {
  const engine = await openEngine({ threads: 1 });
  expect(engine.provider).toBe("cpu");
  const found = await Promise.all([1, 2, 3].map((clusters) => kMeans(rowsInMemory(rows(), 2), { clusters, engine })));
  expect(found.map(({ sizes }) => sizes.length)).toEqual([1, 2, 3]);
  await engine.close();
  await engine.close();
  await expect(kMeans(rowsInMemory(rows(), 2), { clusters: 2, engine })).rejects.toThrow("was closed");
});

test("closing an assigner leaves an engine that was given to it open, and closes its own", async () => {
  const engine = await openEngine({ threads: 1 });
  const { centroids } = await kMeans(rowsInMemory(rows(), 2), { clusters: 2, engine });
  for (const choice of [{ engine }, { threads: 1 }]) {
    const assigner = await openAssigner(centroids, choice);
    expect([...(await assigner.assign(rows())).assignments].join("")).toMatch(/^(0011|1100)$/);
    await assigner.close();
    await expect(assigner.assign(rows())).rejects.toThrow();
  }
  await expect(kMeans(rowsInMemory(rows(), 2), { clusters: 2, engine })).resolves.toBeDefined();
  await engine.close();
});

test("refuses providers that do not run, and threads that are none", async () => {
  await expect(openEngine({ providers: [] })).rejects.toMatchObject({ code: "BAD_ARGUMENT", inputPath: ["providers"] });
  await expect(openEngine({ threads: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT", inputPath: ["threads"] });
  const broken = {
    metric: "cosine" as const,
    clusters: 2,
    dims: 2,
    values: new Float32Array(3),
    isEmpty: [false, false],
  };
  await expect(openAssigner(broken)).rejects.toMatchObject({ code: "DIMENSION_MISMATCH", inputPath: ["centroids"] });
});
