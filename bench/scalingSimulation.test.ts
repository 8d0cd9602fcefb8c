import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Plan, simulate } from "./scalingSimulation.ts";

const plain: Plan = {
  workers: 1,
  slides: 1,
  patchesPerSlide: 1000,
  sizeSpread: 0,
  slotsPerWorker: 1,
  patchesPerSecond: 100,
  batchPatches: 100,
  bytesPerPatch: 0,
  fetchBytesPerSecond: Number.POSITIVE_INFINITY,
  prepareSeconds: 3,
  databaseCores: 1,
  jobDatabaseSeconds: 0.2,
  jobTurnSeconds: 0.1,
  batchDatabaseSeconds: 0.01,
  batchQueueSeconds: 0.002,
  pollSeconds: 0.5,
  leaseSeconds: 60,
  sweepSeconds: 0,
  restartSeconds: 1,
  failureShare: 0,
  killSeconds: Number.POSITIVE_INFINITY,
  seed: 1,
};

describe("the simulation of the queue", () => {
  it("of one slide is the sum of its steps", () => {
    const outcome = simulate(plain);
    // Taken, prepared, ten batches one after the other, each written, and ended.
    const steps = 0.15 + 3 + 10 + 10 * 0.01 + 0.15;
    expect(outcome.makespanSeconds).toBeGreaterThanOrEqual(steps);
    // The first look comes at some moment of the first half second.
    expect(outcome.makespanSeconds).toBeLessThanOrEqual(steps + plain.pollSeconds);
    expect(outcome.idealSeconds).toBeCloseTo(10, 9);
    expect(outcome.queueShare).toBeCloseTo((0.2 + 10 * 0.002) / (0.2 + 10 * 0.01), 9);
    expect(outcome).toMatchObject({ done: 1, failed: 0, kills: 0, repeatedPatches: 0 });
  });

  it("keeps a device busy with two slides at a time", () => {
    const many = { ...plain, slides: 200, sizeSpread: 0.6, databaseCores: 4 };
    const [one, two] = [simulate(many), simulate({ ...many, slotsPerWorker: 2 })];
    expect(one.utilisation).toBeLessThan(0.77);
    expect(two.utilisation).toBeGreaterThan(0.95);
  });

  it("finds the database where it is the narrow place", () => {
    const slow = { ...plain, workers: 16, slides: 160, batchDatabaseSeconds: 0.5 };
    const outcome = simulate(slow);
    expect(outcome.databaseUtilisation).toBeGreaterThan(0.97);
    expect(outcome.makespanSeconds).toBeGreaterThanOrEqual(160 * (10 * 0.5 + 0.2));
    expect(outcome.databaseWaitP95Seconds).toBeGreaterThan(1);
  });

  it("finds the queue where slides are too short for it", () => {
    const short = { ...plain, workers: 64, slides: 500, patchesPerSlide: 10, prepareSeconds: 0, databaseCores: 64 };
    expect(simulate(short).makespanSeconds).toBeGreaterThanOrEqual(500 * plain.jobTurnSeconds);
  });

  it("ends every slide once, whatever is killed and fails, and never before the ideal", () => {
    fc.assert(
      fc.property(
        fc.record({
          workers: fc.integer({ min: 1, max: 12 }),
          slides: fc.integer({ min: 1, max: 60 }),
          slotsPerWorker: fc.integer({ min: 1, max: 3 }),
          sizeSpread: fc.double({ min: 0, max: 1.2, noNaN: true }),
          failureShare: fc.double({ min: 0, max: 0.5, noNaN: true }),
          killSeconds: fc.constantFrom(Number.POSITIVE_INFINITY, 300, 60),
          pollSeconds: fc.double({ min: 0.1, max: 5, noNaN: true }),
          seed: fc.integer(),
        }),
        (given) => {
          const outcome = simulate({ ...plain, ...given });
          expect(outcome.done + outcome.failed).toBe(given.slides);
          expect(outcome.makespanSeconds).toBeGreaterThanOrEqual(outcome.idealSeconds * (1 - 1e-9));
          expect(outcome.utilisation).toBeLessThanOrEqual(1 + 1e-9);
          // A kill repeats no more than the batch that each slot was at.
          expect(outcome.repeatedPatches).toBeLessThanOrEqual(outcome.kills * given.slotsPerWorker * 100);
        },
      ),
      { numRuns: 60 },
    );
  });
});
