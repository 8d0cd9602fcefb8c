import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseBatch, sweepBatches } from "./batch-sweep.ts";

const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** A device that needs `startMs` for any run and `patchMs` for each patch, on a clock of its own. */
const device = (startMs: number, patchMs: number, mostPatches = Number.POSITIVE_INFINITY) => {
  let clock = 0;
  const tried: number[] = [];
  return {
    tried,
    now: () => clock,
    measure: async (patches: number) => {
      tried.push(patches);
      const tookMs = startMs + patches * patchMs;
      clock += tookMs;
      return patches > mostPatches ? null : (patches * 1000) / tookMs;
    },
  };
};

test("a device that gains by larger runs gets the smallest of nearly the best", async () => {
  const card = device(10, 0.5);
  const trials = await sweepBatches({ candidates: sizes, budgetMs: 10_000, ...card });
  // 10 ms for each run and 0.5 ms a patch: 128 patches take 74 ms, 256 take 138 ms, 7 % less a patch.
  expect(chooseBatch([trials], null)?.patchesPerRun).toBe(256);
  const quick = device(2, 0.5);
  expect(
    chooseBatch([await sweepBatches({ candidates: sizes, budgetMs: 10_000, ...quick })], null)?.patchesPerRun,
  ).toBe(64);
});

test("it ends where nothing is gained any more, where memory refuses, and when the time is over", async () => {
  const flat = device(0, 1);
  await sweepBatches({ candidates: sizes, budgetMs: 10_000, ...flat });
  expect(flat.tried).toEqual([1, 2, 4]);
  const small = device(10, 0.5, 20);
  const trials = await sweepBatches({ candidates: sizes, budgetMs: 10_000, ...small });
  expect(small.tried).toEqual([1, 2, 4, 8, 16, 32]);
  expect(chooseBatch([trials], null)?.patchesPerRun).toBe(16);
  const slow = device(400, 1);
  await sweepBatches({ candidates: sizes, budgetMs: 900, ...slow });
  expect(slow.tried).toEqual([1, 2, 4]);
});

test("threads that share a processor are judged by their sum, and the usual size stays unless clearly beaten", () => {
  const trials = (...speeds: number[]) =>
    speeds.map((patchesPerSecond, index) => ({ patchesPerRun: 2 ** index, patchesPerSecond }));
  expect(chooseBatch([trials(90, 100, 106), trials(90, 100, 106)], 2)).toEqual({
    patchesPerRun: 2,
    patchesPerSecond: 200,
  });
  expect(chooseBatch([trials(90, 100, 120), trials(90, 100, 120)], 2)).toEqual({
    patchesPerRun: 4,
    patchesPerSecond: 240,
  });
  // What one of them could not run is no choice.
  expect(chooseBatch([trials(90, 100, 300), trials(90, 100)], 2)?.patchesPerRun).toBe(2);
  expect(chooseBatch([[], []], 2)).toBeNull();
});

test("whatever was measured, the choice was tried and is within a tenth of the best", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 9 }), (speeds) => {
      const trials = speeds.map((patchesPerSecond, index) => ({ patchesPerRun: 2 ** index, patchesPerSecond }));
      const chosen = chooseBatch([trials], 2);
      expect(trials).toContainEqual(chosen);
      expect((chosen?.patchesPerSecond ?? 0) * 1.1).toBeGreaterThanOrEqual(Math.max(...speeds));
    }),
  );
});
