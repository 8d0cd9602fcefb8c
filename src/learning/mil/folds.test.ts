import fc from "fast-check";
import { expect, test } from "vitest";
import { sampleWithoutReplacement } from "../random.ts";
import { epochSteps, packedRuns, sharedBudget } from "./batches.ts";
import { splitPatients } from "./folds.ts";
import { randomStream, shuffled } from "./randomStream.ts";
import type { LabelledBag, MilTask } from "./types.ts";

const TASK: MilTask = { kind: "CLASSIFICATION", classes: ["a", "b", "c"] };
const options = { seed: 7, patience: 10, validationShare: 0.2 };

const bag = (index: number, patient: number, label: string): LabelledBag => ({
  key: `${index}`,
  patient: `p${patient}`,
  group: `g${patient % 4}`,
  patches: 1 + (index % 9),
  target: { label },
  read: async () => ({ vectors: new Float32Array(0) }),
});

/** Several bags of one patient, and labels of unequal frequency; a patient has one label. */
const cohorts = fc
  .array(fc.record({ patient: fc.nat(40), label: fc.constantFrom("a", "a", "a", "b", "b", "c") }), {
    minLength: 12,
    maxLength: 60,
  })
  .map((rows) => {
    const labels = new Map<number, string>();
    return rows.map(({ patient, label }, index) => {
      if (!labels.has(patient)) labels.set(patient, label);
      return bag(index, patient, labels.get(patient) ?? label);
    });
  })
  .filter((bags) => new Set(bags.map(({ patient }) => patient)).size >= 6);

test("no patient stands on two sides, and each is tested once in every repeat", () => {
  fc.assert(
    fc.property(cohorts, fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 2 }), (bags, count, repeats) => {
      const patients = [...new Set(bags.map(({ patient }) => patient))].sort();
      const splits = splitPatients(TASK, bags, { kind: "FOLDS", count, repeats }, options);
      expect(splits).toHaveLength(count * repeats);
      for (const { trainPatients, validationPatients, testPatients } of splits) {
        expect([...trainPatients, ...validationPatients, ...testPatients].sort()).toEqual(patients);
        expect(trainPatients.length).toBeGreaterThan(0);
      }
      for (let repeat = 0; repeat < repeats; repeat++) {
        const own = splits.filter((split) => split.repeat === repeat);
        expect(own.flatMap(({ testPatients }) => testPatients).sort()).toEqual(patients);
        const sizes = own.map(({ testPatients }) => testPatients.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        for (const label of ["a", "b", "c"]) {
          const of = new Set(
            bags.filter(({ target }) => "label" in target && target.label === label).map(({ patient }) => patient),
          );
          const perFold = own.map(({ testPatients }) => testPatients.filter((patient) => of.has(patient)).length);
          expect(Math.max(...perFold) - Math.min(...perFold)).toBeLessThanOrEqual(1);
          // What is tested can be learnt, wherever more than one fold has it.
          for (const { trainPatients } of own) {
            if (perFold.filter((found) => found > 0).length > 1)
              expect(trainPatients.some((patient) => of.has(patient))).toBe(true);
          }
        }
      }
      expect(splitPatients(TASK, bags, { kind: "FOLDS", count, repeats }, options)).toEqual(splits);
    }),
  );
});

test("folds by group keep every group together", () => {
  fc.assert(
    fc.property(
      cohorts.filter((bags) => new Set(bags.map(({ group }) => group)).size >= 2),
      (bags) => {
        const groupOf = new Map(bags.map(({ patient, group }) => [patient, group]));
        for (const count of [2, null]) {
          for (const { trainPatients, validationPatients, testPatients } of splitPatients(
            TASK,
            bags,
            { kind: "GROUPS", count },
            options,
          )) {
            const tested = new Set(testPatients.map((patient) => groupOf.get(patient)));
            expect([...trainPatients, ...validationPatients].some((patient) => tested.has(groupOf.get(patient)))).toBe(
              false,
            );
          }
        }
      },
    ),
  );
});

test("every step of Cox's likelihood has an event, and an epoch has every bag once", () => {
  const times = fc.array(fc.boolean(), { minLength: 1, maxLength: 50 }).filter((events) => events.some(Boolean));
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 10 }), (events, patientsPerStep) => {
      const bags = events.map(
        (event, index): LabelledBag => ({ ...bag(index, index, "a"), target: { timeDays: index, event } }),
      );
      const steps = epochSteps(
        { kind: "SURVIVAL", likelihood: "COX" },
        bags,
        { patientsPerStep, maxPatchesPerStep: 20 },
        randomStream(1),
      );
      for (const step of steps)
        expect(step.some(({ bag: { target } }) => "event" in target && target.event)).toBe(true);
      expect(
        steps
          .flat()
          .map(({ bag: { key } }) => key)
          .sort(),
      ).toEqual(bags.map(({ key }) => key).sort());
    }),
  );
});

test("a budget is kept, shared evenly, and never withholds what is there", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 12, max: 600 }),
      (sizes, budget) => {
        const granted = sharedBudget(sizes, budget);
        const total = granted.reduce((sum, each) => sum + each, 0);
        expect(total).toBeLessThanOrEqual(budget);
        granted.forEach((each, index) => {
          expect(each).toBeGreaterThan(0);
          expect(each).toBeLessThanOrEqual(sizes[index] ?? 0);
        });
        if (sizes.reduce((sum, each) => sum + each, 0) <= budget) expect(granted).toEqual(sizes);
        else expect(total).toBeGreaterThan(budget - sizes.length);
      },
    ),
  );
});

test("runs keep the order of bags and their limit", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 15 }), (sizes) => {
      const step = sizes.map((patches, index) => ({ bag: { ...bag(index, index, "a"), patches }, rows: null }));
      const runs = packedRuns(step, 25);
      expect(runs.flat()).toEqual(step);
      for (const run of runs) {
        const patches = run.reduce((sum, item) => sum + item.bag.patches, 0);
        expect(patches <= 25 || run.length === 1).toBe(true);
      }
    }),
  );
});

test("samples are without repetition, and streams depend on their names", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), fc.nat(), (below, count, seed) => {
      const rows = Array.from(sampleWithoutReplacement(randomStream(seed), below, count));
      expect(new Set(rows).size).toBe(Math.min(below, count));
      expect(rows.every((row) => row >= 0 && row < below)).toBe(true);
      expect(rows).toEqual([...rows].sort((a, b) => a - b));
      expect(Array.from(sampleWithoutReplacement(randomStream(seed), below, count))).toEqual(rows);
    }),
  );
  const order = (name: string) =>
    shuffled(
      Array.from({ length: 50 }, (_, i) => i),
      randomStream(name),
    );
  expect(order("a")).not.toEqual(order("b"));
});

test("each row is as likely as every other", () => {
  const counts = new Array(10).fill(0);
  const random = randomStream("rows");
  for (let i = 0; i < 5000; i++) for (const row of sampleWithoutReplacement(random, 10, 3)) counts[row]++;
  // 1500 expected each, with a standard deviation of 32.
  for (const count of counts) expect(Math.abs(count - 1500)).toBeLessThan(200);
});

test("who validates a Cox model can tell epochs apart, or nobody does; who trains had events", () => {
  const task: MilTask = { kind: "SURVIVAL", likelihood: "COX" };
  const times = fc.array(fc.record({ timeDays: fc.nat(5), event: fc.boolean() }), { minLength: 4, maxLength: 20 });
  fc.assert(
    fc.property(times, (targets) => {
      const bags = targets.map((target, index): LabelledBag => ({ ...bag(index, index, "a"), target }));
      const of = (patients: readonly string[]) => targets.filter((_, index) => patients.includes(`p${index}`));
      let splits: ReturnType<typeof splitPatients>;
      try {
        splits = splitPatients(task, bags, { kind: "FOLDS", count: 2, repeats: 1 }, options);
      } catch (error) {
        expect(error).toMatchObject({ code: "ALL_CENSORED" });
        expect(targets.filter(({ event }) => event).length).toBeLessThanOrEqual(2);
        return;
      }
      for (const { trainPatients, validationPatients } of splits) {
        expect(of(trainPatients).some(({ event }) => event)).toBe(true);
        const validation = of(validationPatients);
        const pairs = validation.flatMap((a, i) =>
          validation.filter((b, j) => i !== j && a.event && b.timeDays >= a.timeDays),
        );
        expect(validation.length === 0 || pairs.length > 0).toBe(true);
      }
    }),
  );
});
