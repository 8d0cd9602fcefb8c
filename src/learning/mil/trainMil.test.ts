import { describe, expect, test } from "vitest";
import { isHistoError } from "../../platform/errors.ts";
import { decodeFold, encodeFold } from "./checkpoint.ts";
import { CLASSES, engine, labelled, quick, smallHead, surviving, syntheticBags } from "./syntheticBags.testkit.ts";
import { trainMil } from "./trainMil.ts";
import type {
  FoldResult,
  LabelledBag,
  MilArchitecture,
  MilTask,
  MilTraining,
  Prediction,
  TrainMilInput,
} from "./types.ts";

const ARCHITECTURES: MilArchitecture[] = [
  "DEEP_ATTN_MISL",
  "ABMIL",
  "GATED_ABMIL",
  "SELF_ATTENTION",
  "MEAN_POOL",
  "MAX_POOL",
];
const TWO_FOLDS = { kind: "FOLDS", count: 2, repeats: 1 } as const;

const input = (more: Partial<TrainMilInput> = {}): TrainMilInput => ({
  head: smallHead("GATED_ABMIL"),
  bags: labelled(24),
  splits: TWO_FOLDS,
  options: quick,
  engine,
  ...more,
});

/** All but how long it took, which differs from run to run. */
const withoutTimes = ({ folds, final }: MilTraining) =>
  [...folds, final].map((fold) => ({ ...fold, epochs: fold.epochs.map(({ tookMs: _, ...record }) => record) }));

const outOfFold = ({ folds }: MilTraining): Map<string, Prediction> =>
  new Map(folds.flatMap(({ predictions }) => predictions.map((prediction) => [prediction.key, prediction] as const)));

const codeOf = async (more: Partial<TrainMilInput>): Promise<unknown> =>
  trainMil(input(more)).then(
    () => "trained",
    (error: unknown) => (isHistoError(error) ? error.code : error),
  );

describe("what is there to learn is learnt", () => {
  test.each(ARCHITECTURES)("%s tells two classes apart on patients that it has not seen", async (architecture) => {
    const bags = labelled(architecture === "SELF_ATTENTION" ? 100 : 40);
    const predictions = outOfFold(
      await trainMil(
        input({
          head: smallHead(architecture),
          bags,
          options: {
            ...quick,
            epochs: 25,
            patience: null,
            learningRate: architecture === "SELF_ATTENTION" ? 0.005 : 0.03,
          },
        }),
      ),
    );
    expect(predictions.size).toBe(bags.length);
    const right = bags.filter(
      ({ key, target }) =>
        "label" in target && (predictions.get(key)?.probabilities?.[1] ?? 0) > 0.5 === (target.label === "high"),
    );
    expect(right.length / bags.length).toBeGreaterThan(0.8);
  });

  test.each([
    [{ kind: "SURVIVAL", likelihood: "COX" }],
    [{ kind: "SURVIVAL", likelihood: "DISCRETE", cutsDays: [100, 200, 500] }],
  ] as MilTask[][])("risks of %j rise where time is short", async (task) => {
    const bags = surviving(40);
    const predictions = outOfFold(await trainMil(input({ head: smallHead("ABMIL", task), bags })));
    const mean = (even: number): number => {
      const risks = bags
        .filter((_, index) => index % 2 === even)
        .map(({ key }) => predictions.get(key)?.risk ?? Number.NaN);
      return risks.reduce((total, risk) => total + risk, 0) / risks.length;
    };
    expect(mean(0)).toBeGreaterThan(mean(1));
  });

  test("regression gives values on their own scale", async () => {
    const bags = syntheticBags(40, (burden) => ({ value: 1000 + 100 * burden }));
    const predictions = outOfFold(
      await trainMil(
        input({
          head: smallHead("ABMIL", { kind: "REGRESSION" }),
          bags,
          options: { ...quick, epochs: 40, patience: null },
        }),
      ),
    );
    for (const [index, { key }] of bags.entries()) {
      expect(Math.abs((predictions.get(key)?.value ?? 0) - (index % 2 === 0 ? 1090 : 1010))).toBeLessThan(35);
    }
  });
});

describe("the same comes out", () => {
  test("for the same seed, and something else for another", async () => {
    const [once, again, other] = await Promise.all([
      trainMil(input()),
      trainMil(input()),
      trainMil(input({ options: { ...quick, seed: 1 } })),
    ]);
    expect(withoutTimes(again)).toEqual(withoutTimes(once));
    expect(other?.folds[0]?.testPatients).not.toEqual(once?.folds[0]?.testPatients);
  });

  test("when a cancelled training goes on from its last checkpoint, bit for bit", async () => {
    const whole = await trainMil(input());
    const folds: Uint8Array[] = [];
    let checkpoint: Uint8Array | null = null;
    const controller = new AbortController();
    const cancelled = trainMil(
      input({
        signal: controller.signal,
        onEpoch: async (event) => {
          if (event.fold !== 1) return;
          checkpoint = await event.checkpoint();
          if (event.record.epoch === 2) controller.abort(new Error("enough"));
        },
        onFold: (fold: FoldResult) => {
          folds.push(encodeFold(fold));
        },
      }),
    );
    await expect(cancelled).rejects.toThrow("enough");
    expect(folds).toHaveLength(1);
    const epochs: number[] = [];
    const resumed = await trainMil(
      input({
        resume: { folds: folds.map(decodeFold), checkpoint },
        onEpoch: ({ fold, record }) => {
          if (fold === 1) epochs.push(record.epoch);
        },
      }),
    );
    expect(epochs[0]).toBe(3);
    expect(withoutTimes(resumed)).toEqual(withoutTimes(whole));
  });

  test.each(["GATED_ABMIL", "DEEP_ATTN_MISL"] as const)(
    "from %s when a step is spread over several runs",
    async (architecture) => {
      const head = smallHead(architecture, { kind: "SURVIVAL", likelihood: "COX" });
      const options = { ...quick, epochs: 3, patience: null, l1: 1e-3 };
      const [whole, parts] = await Promise.all(
        [null, 20].map((patchesPerRun) =>
          trainMil(input({ head, bags: surviving(24), options: { ...options, patchesPerRun } })),
        ),
      );
      const [a, b] = [whole, parts].map((training) => training?.final.parameters as Float32Array) as [
        Float32Array,
        Float32Array,
      ];
      a.forEach((value, i) => {
        expect(Math.abs(value - (b[i] ?? Number.NaN))).toBeLessThan(2e-3);
      });
      expect(parts?.folds[0]?.epochs[0]?.trainLoss).toBeCloseTo(whole?.folds[0]?.epochs[0]?.trainLoss ?? 0, 4);
    },
  );

  test("a checkpoint of other settings is refused", async () => {
    let checkpoint: Uint8Array | null = null;
    await trainMil(
      input({
        onEpoch: async (event) => {
          checkpoint ??= await event.checkpoint();
        },
      }),
    );
    expect(await codeOf({ resume: { folds: [], checkpoint }, options: { ...quick, seed: 3 } })).toBe("CONFLICT");
    expect(await codeOf({ resume: { folds: [], checkpoint: new Uint8Array([1, 2, 3]) } })).toBe("CONFLICT");
  });
});

describe("what cannot be learnt from is refused with a code", () => {
  const spoilt = (change: (bag: LabelledBag) => LabelledBag): LabelledBag[] =>
    labelled(12).map((bag, index) => (index === 3 ? change(bag) : bag));
  test.each<[string, Partial<TrainMilInput>, string]>([
    [
      "a number that is none",
      {
        bags: spoilt((bag) => ({
          ...bag,
          read: async (rows) => {
            const read = await bag.read(rows);
            const vectors = Float32Array.from(read.vectors);
            vectors[2] = Number.NaN;
            return { ...read, vectors };
          },
        })),
      },
      "NOT_FINITE",
    ],
    [
      "a half-precision infinity",
      {
        bags: labelled(12).map((bag) => ({
          ...bag,
          read: async (rows) => {
            const { vectors } = await bag.read(rows);
            return { vectors: new Uint16Array(vectors.length).fill(0x7c00) };
          },
        })),
      },
      "NOT_FINITE",
    ],
    ["a bag without patches", { bags: spoilt((bag) => ({ ...bag, patches: 0 })) }, "BAD_ARGUMENT"],
    [
      "vectors of another length",
      { bags: spoilt((bag) => ({ ...bag, read: async () => ({ vectors: new Float32Array(7) }) })) },
      "DIMENSION_MISMATCH",
    ],
    ["a key that stands there twice", { bags: spoilt((bag) => ({ ...bag, key: "bag 0" })) }, "DUPLICATE_KEY"],
    [
      "a class with one patient",
      { bags: labelled(12).map((bag, index) => ({ ...bag, target: { label: index === 0 ? "high" : "low" } })) },
      "CLASS_TOO_SMALL",
    ],
    ["an unknown class", { bags: spoilt((bag) => ({ ...bag, target: { label: "other" } })) }, "BAD_ARGUMENT"],
    ["fewer patients than folds", { splits: { kind: "FOLDS", count: 30, repeats: 1 } }, "TOO_FEW_PATIENTS"],
    [
      "all censored",
      {
        head: smallHead("ABMIL", { kind: "SURVIVAL", likelihood: "COX" }),
        bags: syntheticBags(12, () => ({ timeDays: 5, event: false })),
      },
      "ALL_CENSORED",
    ],
    [
      "a patient in two given folds",
      { splits: { kind: "GIVEN", testPatients: [["patient 1"], ["patient 1"]] } },
      "LEAKAGE",
    ],
    [
      "a patient of two groups",
      { splits: { kind: "GROUPS", count: 2 }, bags: spoilt((bag) => ({ ...bag, patient: "patient 1" })) },
      "LEAKAGE",
    ],
    ["clusters that are none", { head: smallHead("DEEP_ATTN_MISL", CLASSES, { clusters: 1 }) }, "BAD_ARGUMENT"],
    ["too many latents", { head: { ...smallHead("SELF_ATTENTION"), latents: 257 } }, "BAD_ARGUMENT"],
    ["a provider that is not there", { engine: { provider: "cuda", threads: 1 } }, "BAD_ARGUMENT"],
    ["no epochs", { options: { ...quick, epochs: 0 } }, "BAD_ARGUMENT"],
    ["no bags", { bags: [] }, "TOO_FEW_PATIENTS"],
  ])("%s", async (_, more, code) => {
    expect(await codeOf(more)).toBe(code);
  });
});
