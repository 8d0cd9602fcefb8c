import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CellCalibration, GraphCalibration } from "./calibration.ts";
import type { CellOrder } from "./cells.ts";
import { ALWAYS_EXACT, type PlanInputs, planFirstCells, planOtherCells, planSearch } from "./plan.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });
const recall = fc.tuple(share, share).map(([a, b]) => ({ recall: Math.max(a, b), lowerLimit: Math.min(a, b) }));

const graphCalibration: fc.Arbitrary<GraphCalibration> = fc.record({
  queries: fc.constant(300),
  nanosecondsPerRow: fc.double({ min: 1, max: 5000, noNaN: true }),
  settings: fc.array(
    fc
      .record({
        first: fc.constantFrom(10 as const, 100 as const),
        withoutPatient: fc.boolean(),
        efSearch: fc.constantFrom(40, 80, 160, 1000),
        milliseconds: fc.double({ min: 0.1, max: 20, noNaN: true }),
      })
      .chain((setting) => recall.map((measured) => ({ ...setting, ...measured }))),
    { maxLength: 12 },
  ),
});

const cellCalibration: fc.Arbitrary<CellCalibration> = fc.record({
  queries: fc.constant(300),
  searches: fc.constant(1200),
  nanosecondsPerRow: fc.double({ min: 1, max: 5000, noNaN: true }),
  nanosecondsPerCopiedRow: fc.double({ min: 1, max: 5000, noNaN: true }),
  nanosecondsPerRefusedRow: fc.double({ min: 1, max: 1000, noNaN: true }),
  milliseconds: fc.double({ min: 0.1, max: 20, noNaN: true }),
  furthestQuery: fc.constant(0.3),
  points: fc.array(
    fc
      .tuple(fc.constantFrom(10 as const, 100 as const), share, recall)
      .map(([first, reach, measured]) => ({ first, reach, ...measured })),
    { maxLength: 8 },
  ),
});

const inputs: fc.Arbitrary<PlanInputs> = fc
  .record({
    first: fc.integer({ min: 1, max: 1000 }),
    minRecall: fc.oneof(fc.constantFrom(0.9, 0.99, 1), share),
    vectors: fc.integer({ min: 0, max: 3_000_000 }),
    matchShare: share,
    leavesOut: fc.constantFrom("none" as const, "patient" as const, "other" as const),
    isCohort: fc.boolean(),
    isBySlides: fc.boolean(),
    isLikeMeasured: fc.boolean(),
    graphs: fc.array(
      fc.record({
        id: fc.integer(),
        kind: fc.constantFrom("PARTITION" as const, "PARTIAL" as const),
        measuredVectors: fc.integer({ min: 0, max: 3_000_000 }),
        calibration: graphCalibration,
      }),
      { maxLength: 3 },
    ),
    cells: fc.option(fc.record({ id: fc.integer(), calibration: cellCalibration }), { nil: undefined }),
  })
  .map(({ matchShare, ...rest }) => ({ ...rest, matches: Math.floor(rest.vectors * matchShare) }));

describe("the plan of a search", () => {
  test("claims no recall that was not measured, and none below what is asked", () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const plan = planSearch(given);
        if (plan.strategy === "EXACT") return;
        if (plan.strategy === "CLUSTERED") {
          const points = given.cells?.calibration.points.filter(
            ({ reach, lowerLimit }) => reach <= plan.reach && lowerLimit >= given.minRecall,
          );
          const measured = new Set(points?.map(({ first }) => first));
          expect(measured).toContain(10);
          if (given.first > 10) expect(measured).toContain(100);
          expect(given.isBySlides).toBe(true);
          return;
        }
        const graph = given.graphs.find(({ id }) => id === plan.indexId);
        const settings = graph?.calibration.settings.filter(
          ({ efSearch, recall: told, first, withoutPatient }) =>
            efSearch === plan.efSearch &&
            told === plan.recallEstimate &&
            first >= given.first &&
            withoutPatient === (given.leavesOut === "patient"),
        );
        expect(settings?.some(({ lowerLimit }) => lowerLimit >= given.minRecall)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("is exact when asked to be, for few rows, and for queries unlike those measured", () => {
    fc.assert(
      fc.property(inputs, (given) => {
        expect(planSearch({ ...given, minRecall: 1 }).strategy).toBe("EXACT");
        expect(planSearch({ ...given, isLikeMeasured: false }).strategy).toBe("EXACT");
        expect(planSearch({ ...given, matches: Math.min(given.matches, ALWAYS_EXACT - 1) }).strategy).toBe("EXACT");
        expect(planSearch({ ...given, first: 101 }).strategy).toBe("EXACT");
      }),
    );
  });

  test("uses an index over all rows for all rows alone, and one over a cohort for that cohort alone", () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const { strategy } = planSearch(given);
        if (strategy === "PARTITION_INDEX")
          expect([given.isCohort, given.leavesOut === "other"]).toEqual([false, false]);
        if (strategy === "PARTIAL_INDEX") expect([given.isCohort, given.leavesOut === "other"]).toEqual([true, false]);
      }),
      { numRuns: 2000 },
    );
  });

  const setting = { first: 10 as const, withoutPatient: true, recall: 0.999, lowerLimit: 0.995 };
  const large: PlanInputs = {
    first: 10,
    minRecall: 0.99,
    vectors: 100_000,
    matches: 99_800,
    leavesOut: "patient",
    isCohort: false,
    isBySlides: true,
    isLikeMeasured: true,
    graphs: [
      {
        id: 2,
        kind: "PARTITION",
        measuredVectors: 100_000,
        calibration: {
          queries: 300,
          nanosecondsPerRow: 400,
          settings: [
            { ...setting, efSearch: 40, milliseconds: 0.8, lowerLimit: 0.98 },
            { ...setting, efSearch: 160, milliseconds: 1.6 },
            { ...setting, efSearch: 80, milliseconds: 1.1 },
          ],
        },
      },
    ],
    cells: undefined,
  };

  test("takes the fastest setting that is sure enough", () => {
    expect(planSearch(large)).toMatchObject({ strategy: "PARTITION_INDEX", indexId: 2, efSearch: 80 });
    expect(planSearch({ ...large, minRecall: 0.996 })).toMatchObject({
      strategy: "EXACT",
      reason: "No index has been measured to reach a recall of 0.996 in such a search.",
    });
  });

  test("trusts no measurement that was made with a fifth more or fewer vectors", () => {
    const grown = (factor: number) => planSearch({ ...large, vectors: 100_000 * factor }).strategy;
    expect([0.79, 0.81, 1.19, 1.21].map(grown)).toEqual(["EXACT", "PARTITION_INDEX", "PARTITION_INDEX", "EXACT"]);
  });

  test("leaves an index alone that is hardly faster than comparing every row", () => {
    const slow = large.graphs.map((graph) => ({
      ...graph,
      calibration: {
        ...graph.calibration,
        settings: graph.calibration.settings.map((one) => ({ ...one, milliseconds: 38 })),
      },
    }));
    expect(planSearch({ ...large, graphs: slow })).toEqual({ strategy: "EXACT", reason: null });
  });
});

describe("cells to read", () => {
  const order: CellOrder = {
    cells: [7, 3, 9, 1],
    nearest: Float64Array.of(-0.1, 0.05, 0.2, 0.4),
    matching: Float64Array.of(30, 50, 90, 100),
    visited: Float64Array.of(40, 80, 200, 1000),
  };
  const costs = { nanosecondsPerCopiedRow: 1000, nanosecondsPerRefusedRow: 100 };

  test("are first those that hold some rows for each hit", () => {
    expect(planFirstCells(order, 1)).toBe(1);
    expect(planFirstCells(order, 10)).toBe(2);
    expect(planFirstCells(order, 1000)).toBe(4);
  });

  test("are then all that reach as far as the hits known", () => {
    expect(planOtherCells(order, 1, 0.2, costs, 10)).toBe(3);
    expect(planOtherCells(order, 2, 0.01, costs, 10)).toBe(2);
    expect(planOtherCells(order, 1, Number.POSITIVE_INFINITY, costs, 10)).toBe(4);
  });

  test("are none where comparing every row is faster", () => {
    const slow = { nanosecondsPerCopiedRow: 1e5, nanosecondsPerRefusedRow: 1e4 };
    expect(planOtherCells(order, 1, 0.4, slow, 10)).toBeUndefined();
    expect(planOtherCells(order, 1, 0.01, slow, 10)).toBe(1);
  });
});
