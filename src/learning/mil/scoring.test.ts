import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GraphThread, startGraphThread } from "../../onnx/graph-thread.ts";
import { memoryRows } from "./batches.ts";
import { exportHead } from "./exportHead.ts";
import { headParameters, initialParameters } from "./headParameters.ts";
import { randomStream } from "./randomStream.ts";
import { createScorer, openScoringGraphs, putScoredParameters, scoreBag } from "./scoring.ts";
import { CLUSTERS, DIMS, engine, smallHead } from "./syntheticBags.testkit.ts";
import type { BagScore, HeadDefinition, MilArchitecture, MilBag, MilTask } from "./types.ts";

const ARCHITECTURES: MilArchitecture[] = [
  "DEEP_ATTN_MISL",
  "ABMIL",
  "GATED_ABMIL",
  "SELF_ATTENTION",
  "MEAN_POOL",
  "MAX_POOL",
];
const TASKS: MilTask[] = [
  { kind: "SURVIVAL", likelihood: "COX" },
  { kind: "SURVIVAL", likelihood: "DISCRETE", cutsDays: [100, 300] },
  { kind: "CLASSIFICATION", classes: ["A", "B", "C", "D"] },
  { kind: "REGRESSION" },
];

type Rows = { vectors: Float32Array; clusters: number[]; coordinatesMillimetres: Float32Array };
const rowsOf = (patches: number, seed: number): Rows => {
  const random = randomStream("scored", seed);
  return {
    vectors: Float32Array.from({ length: patches * DIMS }, () => 4 * random.next() - 2),
    // The last cluster is absent.
    clusters: Array.from({ length: patches }, () => random.below(CLUSTERS - 1)),
    coordinatesMillimetres: Float32Array.from({ length: 2 * patches }, () => 20 * random.next() - 10),
  };
};
const bagOf = (patches: number, rows: Rows): MilBag => ({
  key: "bag",
  patient: "patient",
  patches,
  read: memoryRows(DIMS, rows),
});

const near = (a: ArrayLike<number> | null, b: ArrayLike<number> | null, tolerance = 1e-5): void => {
  expect(a?.length).toBe(b?.length);
  Array.from(a ?? []).forEach((value, i) => {
    expect(Math.abs(value - (b?.[i] ?? Number.NaN))).toBeLessThanOrEqual(tolerance * (1 + Math.abs(value)));
  });
};
const numbersOf = ({ risk, value, probabilities, survival }: BagScore): number[] => [
  ...(risk === null ? [] : [risk]),
  ...(survival ?? []),
  ...(probabilities ?? []),
  ...(value === null ? [] : [value]),
];

describe.each(ARCHITECTURES)("%s", (architecture) => {
  const head = smallHead(architecture, { kind: "CLASSIFICATION", classes: ["A", "B", "C"] });
  const parameters = initialParameters(head, 5);
  let thread: GraphThread;
  beforeAll(async () => {
    thread = await startGraphThread(engine);
    await openScoringGraphs(thread, head, "float32");
    await putScoredParameters(thread, parameters);
  });
  afterAll(() => thread.close());

  test("a bag scores the same whole and in pieces, and in any order of its patches", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 15 }),
        fc.nat(),
        async (patches, piece, seed) => {
          const rows = rowsOf(patches, seed);
          const whole = await scoreBag(thread, head, "float32", bagOf(patches, rows));
          const pieces = await scoreBag(thread, head, "float32", bagOf(patches, rows), piece);
          near(pieces.probabilities, whole.probabilities);
          near(pieces.attention, whole.attention);
          near(pieces.clusterAttention ?? [], whole.clusterAttention ?? []);
          const order = Uint32Array.from({ length: patches }, (_, i) => patches - 1 - i);
          const turned = await memoryRows(DIMS, rows)(order);
          const back = await scoreBag(thread, head, "float32", { ...bagOf(patches, rows), read: async () => turned });
          near(back.probabilities, whole.probabilities);
          near(back.attention.toReversed(), whole.attention);
          const total = whole.attention.reduce((sum, weight) => sum + weight, 0);
          expect(Math.abs(total - 1)).toBeLessThan(1e-4);
          expect(whole.attention.every((weight) => weight >= 0)).toBe(true);
        },
      ),
      { numRuns: 12 },
    );
  });

  test("an absent cluster weighs exactly 0, and the same patches are no more for being there twice", async () => {
    const rows = rowsOf(9, 3);
    const once = await scoreBag(thread, head, "float32", bagOf(9, rows));
    if (architecture === "DEEP_ATTN_MISL") expect(once.clusterAttention?.[CLUSTERS - 1]).toBe(0);
    const twice = await scoreBag(
      thread,
      head,
      "float32",
      bagOf(18, {
        vectors: Float32Array.from([...rows.vectors, ...rows.vectors]),
        clusters: [...rows.clusters, ...rows.clusters],
        coordinatesMillimetres: Float32Array.from([...rows.coordinatesMillimetres, ...rows.coordinatesMillimetres]),
      }),
    );
    near(twice.probabilities, once.probabilities);
    near(
      twice.attention.subarray(0, 9).map((weight) => 2 * weight),
      once.attention,
    );
  });

  test("scores of a thousand make no NaN", async () => {
    const rows = rowsOf(30, 1);
    await putScoredParameters(
      thread,
      parameters.map((value) => value * 40),
    );
    const steep = await scoreBag(
      thread,
      head,
      "float32",
      bagOf(30, { ...rows, vectors: rows.vectors.map((value) => value * 100) }),
      7,
    );
    await putScoredParameters(thread, parameters);
    expect([...numbersOf(steep), ...steep.attention].every(Number.isFinite)).toBe(true);
  });
});

test("attention scores of ±1000 and equal ones of −1000 are pooled without NaN", async () => {
  const head = smallHead("ABMIL", undefined, { hidden: null });
  const parameters = initialParameters(head, 2);
  // tanh saturates, so only the last weight can make scores large.
  for (const { name, offset, size } of headParameters(head))
    if (name === "score.weight") parameters.fill(1000, offset, offset + size);
  const scorer = await createScorer(head, parameters, { vectors: "float32", engine });
  for (const rows of [rowsOf(20, 8), { ...rowsOf(20, 8), vectors: new Float32Array(20 * DIMS).fill(-50) }]) {
    const { attention, probabilities } = await scorer.score(bagOf(20, rows));
    expect([...attention, ...(probabilities ?? [])].every(Number.isFinite)).toBe(true);
  }
  await scorer.close();
});

test("half-precision vectors score as the numbers that they stand for", async () => {
  const head = smallHead("GATED_ABMIL");
  const parameters = initialParameters(head, 4);
  const rows = rowsOf(25, 6);
  const halves = new Float16Array(rows.vectors);
  const exact = await createScorer(head, parameters, { vectors: "float32", engine });
  const half = await createScorer(head, parameters, { vectors: "float16", engine });
  const expected = await exact.score(bagOf(25, { ...rows, vectors: Float32Array.from(halves) }));
  const found = await half.score({
    key: "h",
    patient: "p",
    patches: 25,
    read: memoryRows(DIMS, { vectors: new Uint16Array(halves.buffer) }),
  });
  near(found.probabilities, expected.probabilities, 1e-6);
  near(found.attention, expected.attention, 1e-6);
  await Promise.all([exact.close(), half.close()]);
});

describe("an exported head is one file that any ONNX Runtime runs", () => {
  const scoresOf = async (
    head: HeadDefinition,
    parameters: Float32Array,
    rows: Rows,
    patches: number,
  ): Promise<BagScore> => {
    const scorer = await createScorer(head, parameters, { vectors: "float32", engine });
    const score = await scorer.score(bagOf(patches, rows));
    await scorer.close();
    return score;
  };

  test.each(ARCHITECTURES.flatMap((architecture) => TASKS.map((task) => [architecture, task] as const)))(
    "%s, %j",
    async (architecture, task) => {
      const head = smallHead(architecture, task);
      const parameters = initialParameters(head, 9);
      const rows = rowsOf(11, 2);
      const score = await scoresOf(head, parameters, rows, 11);
      const { onnx, card } = exportHead(head, parameters);
      const session = await InferenceSession.create(onnx);
      expect(session.inputNames).toEqual(card.inputs.map(({ name }) => name));
      expect(session.outputNames).toEqual(card.outputs.map(({ name }) => name));
      const all: Record<string, Tensor> = {
        features: new Tensor("float32", rows.vectors, [11, DIMS]),
        coordinates: new Tensor("float32", rows.coordinatesMillimetres, [11, 2]),
        cluster: new Tensor("int32", Int32Array.from(rows.clusters), [11]),
      };
      const found = await session.run(
        Object.fromEntries(session.inputNames.map((name) => [name, all[name] as Tensor])),
      );
      near(
        numbersOf(score),
        card.outputs
          .filter(({ name }) => name in score && !name.endsWith("ttention"))
          .flatMap(({ name }) => Array.from(found[name]?.data as Float32Array)),
      );
      near(score.attention, found.attention?.data as Float32Array);
    },
  );

  const python = process.env.HISTOQL_PYTHON ?? "";
  const hasOnnxRuntime = ((): boolean => {
    if (!existsSync(python)) return false;
    try {
      execFileSync(python, ["-c", "import onnxruntime, numpy"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();
  if (!hasOnnxRuntime) console.warn("skipped: HISTOQL_PYTHON names no Python with onnxruntime");

  test.skipIf(!hasOnnxRuntime)("in Python", async () => {
    const head = smallHead("DEEP_ATTN_MISL", { kind: "SURVIVAL", likelihood: "COX" });
    const parameters = initialParameters(head, 1);
    const rows = rowsOf(7, 4);
    const score = await scoresOf(head, parameters, rows, 7);
    const { onnx, card } = exportHead(head, parameters);
    const folder = mkdtempSync(join(tmpdir(), "histoql-head-"));
    writeFileSync(join(folder, "head.onnx"), onnx);
    writeFileSync(join(folder, "card.json"), JSON.stringify(card));
    writeFileSync(
      join(folder, "bag.json"),
      JSON.stringify({ features: Array.from(rows.vectors), cluster: rows.clusters }),
    );
    const script = `
import json, sys, numpy, onnxruntime
folder = sys.argv[1]
card, bag = (json.load(open(f"{folder}/{name}.json")) for name in ("card", "bag"))
session = onnxruntime.InferenceSession(f"{folder}/head.onnx", providers=["CPUExecutionProvider"])
sizes = {"patches": len(bag["cluster"])}
feeds = {each["name"]: numpy.array(bag[each["name"]], dtype=each["type"]).reshape([sizes.get(d, d) for d in each["dims"]]) for each in card["inputs"]}
names = [each["name"] for each in card["outputs"]]
print(json.dumps({name: value.tolist() for name, value in zip(names, session.run(names, feeds))}))
`;
    const found = JSON.parse(execFileSync(python, ["-c", script, folder]).toString()) as Record<string, number[]>;
    near([score.risk ?? Number.NaN], found.risk ?? []);
    near(score.attention, found.attention ?? []);
    near(score.clusterAttention, found.clusterAttention ?? []);
  });
});
