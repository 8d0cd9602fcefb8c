import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GraphThread, startGraphThread, type TensorData } from "../../onnx/graph-thread.ts";
import { seededRandom } from "../random.ts";
import { dropoutMask } from "./batches.ts";
import { initialParameters, lastWidth, parameterCount } from "./headParameters.ts";
import { predictionOf } from "./predictions.ts";
import { smallHead } from "./syntheticBags.testkit.ts";
import { targetFeeds } from "./targets.ts";
import { adamFeeds } from "./trainer.ts";
import { trainingGraphs } from "./trainingGraphs.ts";
import { DEFAULT_TRAINING } from "./trainMil.ts";
import type { LabelledBag, MilTarget, MilTask } from "./types.ts";

let thread: GraphThread;
beforeAll(async () => {
  thread = await startGraphThread({ provider: "cpu", threads: 1 });
});
afterAll(() => thread.close());

const floats = (data: ArrayLike<number>, ...dims: number[]): TensorData => ({
  type: "float32",
  dims,
  data: Float32Array.from(data),
});
const graphOptions = { vectors: "float32", optimiser: "ADAM", hasL1: false } as const;

describe.each(["ADAM", "ADAMW"] as const)("%s", (optimiser) => {
  test("steps as its formula in 64 bits, with decay and L1", async () => {
    const head = smallHead("MEAN_POOL");
    const size = parameterCount(head);
    const options = { ...DEFAULT_TRAINING, optimiser, learningRate: 0.01, weightDecay: 0.1, l1: 0.02 };
    await thread.open("update", trainingGraphs(head, { ...graphOptions, optimiser, hasL1: true }).update());
    let [p, m, v] = [
      Array.from(initialParameters(head, 1)),
      new Array<number>(size).fill(0),
      new Array<number>(size).fill(0),
    ];
    let state = [floats(p, size), floats(m, size), floats(v, size)] as [TensorData, TensorData, TensorData];
    for (let step = 1; step <= 4; step++) {
      const gradient = Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i * step)));
      const norm = p.reduce((total, value) => total + Math.abs(value), 0);
      const { outputs } = await thread.run({
        graph: "update",
        feeds: {
          parameters: state[0],
          firstMoment: state[1],
          secondMoment: state[2],
          gradient: floats(gradient, size),
          ...adamFeeds(options, step),
        },
        fetch: ["parametersNext", "firstMomentNext", "secondMomentNext", "penalty"],
      });
      expect(outputs.penalty?.data[0]).toBeCloseTo(0.02 * norm, 3);
      const g = gradient.map(
        (value, i) => value + 0.02 * Math.sign(p[i] ?? 0) + (optimiser === "ADAM" ? 0.1 * (p[i] ?? 0) : 0),
      );
      m = m.map((value, i) => 0.9 * value + 0.1 * (g[i] ?? 0));
      v = v.map((value, i) => 0.999 * value + 0.001 * (g[i] ?? 0) ** 2);
      p = p.map((value, i) => {
        const kept = optimiser === "ADAMW" ? value * (1 - 0.01 * 0.1) : value;
        return (
          kept - (0.01 * ((m[i] ?? 0) / (1 - 0.9 ** step))) / (Math.sqrt((v[i] ?? 0) / (1 - 0.999 ** step)) + 1e-8)
        );
      });
      state = [outputs.parametersNext, outputs.firstMomentNext, outputs.secondMomentNext] as typeof state;
      p.forEach((value, i) => {
        expect(Math.abs(value - (state[0].data[i] ?? Number.NaN))).toBeLessThan(2e-5);
      });
    }
  });
});

const bagWith = (target: MilTarget, index: number): LabelledBag => ({
  key: `${index}`,
  patient: `${index}`,
  patches: 1,
  target,
  read: async () => ({ vectors: new Float32Array(1) }),
});
const score = fc.integer({ min: -64, max: 64 }).map((value) => value / 16);
const softplus = (x: number): number => Math.log1p(Math.exp(x));

describe("losses are their formulas", () => {
  const check = async (
    task: MilTask,
    bags: LabelledBag[],
    outputs: number[][],
    classWeights: number[],
    expected: number,
  ): Promise<void> => {
    const feeds = targetFeeds(task, bags, { classWeights, mean: 1, deviation: 2 });
    const result = await thread.run({
      graph: JSON.stringify(task),
      feeds: { outputs: floats(outputs.flat(), bags.length, outputs[0]?.length ?? 0), ...feeds },
      fetch: ["loss"],
    });
    expect(Math.abs((result.outputs.loss?.data[0] ?? Number.NaN) - expected)).toBeLessThan(
      1e-4 * (1 + Math.abs(expected)),
    );
  };
  const open = (task: MilTask) =>
    thread.open(JSON.stringify(task), trainingGraphs(smallHead("ABMIL", task), graphOptions).loss());

  test("Cox with ties", async () => {
    const task: MilTask = { kind: "SURVIVAL", likelihood: "COX" };
    await open(task);
    const rows = fc.array(fc.record({ timeDays: fc.nat(6), event: fc.boolean(), risk: score }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const terms = all
          .filter(({ event }) => event)
          .map(({ timeDays, risk }) => {
            const atRisk = all
              .filter((other) => other.timeDays >= timeDays)
              .reduce((total, other) => total + Math.exp(other.risk), 0);
            return risk - Math.log(atRisk);
          });
        await check(
          task,
          all.map(bagWith),
          all.map(({ risk }) => [risk]),
          [],
          -terms.reduce((a, b) => a + b, 0) / all.length,
        );
      }),
      { numRuns: 40 },
    );
  });

  test("discrete time: who is censored in an interval lived through those before it", async () => {
    const cutsDays = [10, 20, 30];
    const task: MilTask = { kind: "SURVIVAL", likelihood: "DISCRETE", cutsDays };
    await open(task);
    const rows = fc.array(
      fc.record({
        timeDays: fc.integer({ min: 1, max: 40 }),
        event: fc.boolean(),
        z: fc.tuple(score, score, score, score),
      }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const terms = all.map(({ timeDays, event, z }) => {
          const interval = timeDays > 30 ? 3 : timeDays > 20 ? 2 : timeDays > 10 ? 1 : 0;
          const lived = z.slice(0, interval).reduce((total, value) => total + softplus(value), 0);
          return lived + (event ? softplus(-(z[interval] ?? 0)) : 0);
        });
        await check(
          task,
          all.map(bagWith),
          all.map(({ z }) => [...z]),
          [],
          terms.reduce((a, b) => a + b, 0) / all.length,
        );
      }),
      { numRuns: 40 },
    );
  });

  test("cross-entropy with class weights, and squared error of standardised values", async () => {
    const task: MilTask = { kind: "CLASSIFICATION", classes: ["a", "b", "c"] };
    const regression: MilTask = { kind: "REGRESSION" };
    await Promise.all([open(task), open(regression)]);
    const rows = fc.array(fc.record({ label: fc.nat(2), z: fc.tuple(score, score, score) }), {
      minLength: 1,
      maxLength: 8,
    });
    const weights = [0.5, 1, 3];
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const total = all.reduce((sum, { label }) => sum + (weights[label] ?? 0), 0);
        const loss = all.reduce(
          (sum, { label, z }) =>
            sum + (weights[label] ?? 0) * (Math.log(z.reduce((s, value) => s + Math.exp(value), 0)) - (z[label] ?? 0)),
          0,
        );
        await check(
          task,
          all.map(({ label }, i) => bagWith({ label: "abc"[label] ?? "" }, i)),
          all.map(({ z }) => [...z]),
          weights,
          loss / total,
        );
        const error = all.reduce((sum, { label, z }) => sum + (z[0] - (label - 1) / 2) ** 2, 0) / all.length;
        await check(
          regression,
          all.map(({ label }, i) => bagWith({ value: label }, i)),
          all.map(({ z }) => [z[0]]),
          [],
          error,
        );
      }),
      { numRuns: 40 },
    );
  });
});

test("predictions: probabilities sum to 1, survival falls, and risk rises as survival falls", () => {
  const bag = { key: "k", patient: "p" };
  fc.assert(
    fc.property(fc.tuple(score, score, score), (z) => {
      const { probabilities } = predictionOf({ kind: "CLASSIFICATION", classes: ["a", "b", "c"] }, bag, z);
      expect(probabilities?.reduce((total, value) => total + value, 0)).toBeCloseTo(1, 12);
      const task: MilTask = { kind: "SURVIVAL", likelihood: "DISCRETE", cutsDays: [1, 2] };
      const { survival, risk } = predictionOf(task, bag, z);
      survival?.forEach((value, i) => {
        expect(value).toBeLessThan(survival[i - 1] ?? 1);
      });
      const worse = predictionOf(task, bag, [z[0] + 1, z[1], z[2]]);
      expect(worse.risk ?? 0).toBeGreaterThan(risk ?? 0);
    }),
  );
});

test("dropout drops its share and keeps the mean", () => {
  const head = smallHead("ABMIL", undefined, { dropout: 0.25 });
  const mask = dropoutMask(head, 4000, seededRandom(1)) ?? new Float32Array(0);
  expect(mask).toHaveLength(4000 * lastWidth(head));
  expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
  expect(mask.reduce((total, value) => total + value, 0) / mask.length).toBeCloseTo(1, 1);
  expect(dropoutMask(smallHead("ABMIL", undefined, { dropout: 0 }), 4, seededRandom(1))).toBeNull();
});
