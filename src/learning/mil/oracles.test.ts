import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GraphThread, startGraphThread, type TensorData } from "../../onnx/graph-thread.ts";
import { headParameters, headWithDefaults, packParameters, parameterCount } from "./headParameters.ts";
import { readSafetensors } from "./safetensors.testkit.ts";
import { scoringGraphs } from "./scoringGraphs.ts";
import { trainingGraphs } from "./trainingGraphs.ts";

// What the reference implementations in PyTorch gave (../shared/oracles), within |a − b| ≤ 1e-6 + 1e-4 · max|b|.

const oracle = (name: string): URL => new URL(`../../../../shared/oracles/${name}.safetensors`, import.meta.url);
const present = existsSync(oracle("abmil"));
if (!present) console.warn("skipped: shared/oracles is absent");

const agree = (found: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(found.length).toBe(expected.length);
  const greatest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const furthest = Array.from(expected).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (found[i] ?? Number.NaN))),
    0,
  );
  expect(furthest).toBeLessThanOrEqual(1e-6 + 1e-4 * greatest);
};

const floats = (data: ArrayLike<number>, ...dims: number[]): TensorData => ({
  type: "float32",
  dims,
  data: Float32Array.from(data),
});
const integers = (data: ArrayLike<number>): TensorData => ({
  type: "int32",
  dims: [data.length],
  data: Int32Array.from(data),
});
const counting = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe.skipIf(!present)("reference implementations", () => {
  let thread: GraphThread;
  beforeAll(async () => {
    thread = await startGraphThread({ provider: "cpu", threads: 1 });
  });
  afterAll(() => thread.close());

  /** The gradient without its use: one step from moments of 0 leaves (1 − β₁)·g as the first moment. */
  const gradientOf = (firstMoment: Float32Array): Float32Array => firstMoment.map((value) => value / (1 - 0.9));

  const optimiserFeeds = (size: number, step: number, rate: number, decay: number): Record<string, TensorData> => ({
    decay: floats([decay]),
    stepSize: floats([rate / (1 - 0.9 ** step)]),
    secondScale: floats([1 / Math.sqrt(1 - 0.999 ** step)]),
    ...(step === 1 && {
      firstMoment: floats(new Float32Array(size), size),
      secondMoment: floats(new Float32Array(size), size),
    }),
  });
  const scalars = (feeds: Record<string, TensorData>): Record<string, TensorData> =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => [
        name,
        ["decay", "stepSize", "secondScale"].includes(name) ? { ...tensor, dims: [] } : tensor,
      ]),
    );

  test("DeepAttnMISL: risks, attention, Cox loss, gradients and 20 steps of Adam", async () => {
    const get = readSafetensors(oracle("deepattnmisl"));
    const head = headWithDefaults({
      architecture: "DEEP_ATTN_MISL",
      task: { kind: "SURVIVAL", likelihood: "COX" },
      dims: 4096,
      dropout: 0,
    });
    const names: Record<string, string> = {
      "embed.weight": "embedding_net.0.weight",
      "embed.bias": "embedding_net.0.bias",
      "attention.weight": "attention.0.weight",
      "attention.bias": "attention.0.bias",
      "score.weight": "attention.2.weight",
      "score.bias": "attention.2.bias",
      "head.weight": "fc6.0.weight",
      "head.bias": "fc6.0.bias",
      "out.weight": "fc6.3.weight",
      "out.bias": "fc6.3.bias",
    };
    const parameters = packParameters(
      head,
      Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [ours, get(`param.${theirs}`).data])),
    );
    const size = parameterCount(head);
    const graphs = trainingGraphs(head, { vectors: "float32", optimiser: "ADAM", hasL1: false });
    await Promise.all([thread.open("step", graphs.step()), thread.open("forward", graphs.forward())]);
    const { data: features, shape } = get("input.features");
    const patient = get("input.patient").data;
    const cluster = get("input.cluster").data;
    const bags = (): Record<string, TensorData> => ({
      features: floats(features, ...shape),
      segment: integers(Array.from(patient, (bag, i) => bag * 10 + (cluster[i] ?? 0))),
      segmentIds: integers(counting(160)),
    });
    const risks = async (slot: string) =>
      (await thread.run({ graph: "forward", feeds: bags(), kept: { parameters: slot }, fetch: ["outputs"] })).outputs
        .outputs?.data ?? [];

    await thread.put("p", floats(parameters, size));
    agree(await risks("p"), get("expected.risk").data);

    const losses: number[] = [];
    for (let step = 1; step <= 20; step++) {
      const { outputs } = await thread.run({
        graph: "step",
        feeds: {
          ...bags(),
          time: floats(get("input.time_days").data, 16),
          event: floats(get("input.event").data, 16),
          ...scalars(optimiserFeeds(size, step, 1e-4, 5e-4)),
        },
        kept: { parameters: "p", ...(step > 1 && { firstMoment: "m", secondMoment: "v" }) },
        keep: { parametersNext: "p", firstMomentNext: "m", secondMomentNext: "v" },
        fetch: ["loss"],
      });
      losses.push(outputs.loss?.data[0] ?? Number.NaN);
      if (step === 1) {
        // The decay is part of what Adam sees; taken out, the loss's own gradient is left.
        const withDecay = gradientOf((await thread.get("m")).data as Float32Array);
        for (const { name, offset, size: length } of headParameters(head)) {
          const expected = get(`grad.${names[name]}`).data;
          const found = withDecay
            .subarray(offset, offset + length)
            .map((value, i) => value - 5e-4 * (parameters[offset + i] ?? 0));
          agree(found, expected);
        }
      }
    }
    agree([losses[0] ?? 0], get("expected.cox_loss").data);
    const curve = get("expected.loss_curve").data;
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - (curve[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-3);
    });
    const after = get("expected.risk_after_20_steps").data;
    Array.from(await risks("p")).forEach((risk, i) => {
      expect(Math.abs(risk - (after[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-3);
    });

    // Attention comes from the scoring graphs, with each bag in two pieces.
    const scoring = scoringGraphs(head, "float32");
    await Promise.all([
      thread.open("part", scoring.part()),
      thread.open("merge", scoring.merge()),
      thread.put("p", floats(parameters, size)),
    ]);
    const attention = get("expected.attention").data;
    for (let bag = 0; bag < 16; bag++) {
      const rows = counting(patient.length).filter((i) => patient[i] === bag);
      const middle = Math.ceil(rows.length / 2);
      const parts = await Promise.all(
        [rows.slice(0, middle), rows.slice(middle)]
          .filter((piece) => piece.length > 0)
          .map((piece) =>
            thread.run({
              graph: "part",
              feeds: {
                features: floats(
                  piece.flatMap((row) => Array.from(features.subarray(row * 4096, (row + 1) * 4096))),
                  piece.length,
                  4096,
                ),
                cluster: integers(piece.map((row) => cluster[row] ?? 0)),
              },
              kept: { parameters: "p" },
              fetch: ["sumsOut", "countsOut"],
            }),
          ),
      );
      const stacked = (name: string, ...dims: number[]) =>
        floats(
          parts.flatMap(({ outputs }) => Array.from(outputs[name]?.data ?? [])),
          parts.length,
          ...dims,
        );
      const { outputs } = await thread.run({
        graph: "merge",
        feeds: {
          sums: stacked("sumsOut", 10, 64),
          counts: stacked("countsOut", 10, 1),
          cluster: integers(rows.map((row) => cluster[row] ?? 0)),
        },
        kept: { parameters: "p" },
        fetch: ["outputs", "attention", "clusterAttention"],
      });
      const expected = Array.from(attention.subarray(bag * 10, bag * 10 + 10));
      const found = Array.from(outputs.clusterAttention?.data ?? []);
      agree(found, expected);
      agree(outputs.outputs?.data ?? [], [get("expected.risk").data[bag] ?? Number.NaN]);
      const members = new Set(rows.map((row) => cluster[row]));
      found.forEach((weight, index) => {
        if (!members.has(index)) expect(weight).toBe(0);
        else expect(weight).toBeGreaterThan(0);
      });
      expect(Array.from(outputs.attention?.data ?? []).reduce((total, weight) => total + weight, 0)).toBeCloseTo(1, 5);
    }
  });

  test.each([
    ["ABMIL", "attention", { attention: "attention.0", score: "attention.2" }],
    ["GATED_ABMIL", "gated", { attention: "attention_V.0", gate: "attention_U.0", score: "attention_w" }],
  ] as const)("%s: attention, probability, loss and gradients", async (architecture, prefix, layers) => {
    const get = readSafetensors(oracle("abmil"));
    const head = headWithDefaults({
      architecture,
      task: { kind: "CLASSIFICATION", classes: ["0", "1"] },
      dims: 500,
      hidden: null,
      attentionHidden: 128,
      dropout: 0,
    });
    const theirs = (kind: "param" | "grad"): Record<string, Float32Array> => ({
      ...Object.fromEntries(
        Object.entries(layers).flatMap(([ours, name]) =>
          ["weight", "bias"].map((part) => [
            `${ours}.${part}`,
            get(`${prefix}.${kind}.${name}.${part}`).data as Float32Array,
          ]),
        ),
      ),
      // The sigmoid of one number is the softmax of 0 and that number.
      "out.weight": Float32Array.from([...new Float32Array(500), ...get(`${prefix}.${kind}.classifier.0.weight`).data]),
      "out.bias": Float32Array.from([0, ...get(`${prefix}.${kind}.classifier.0.bias`).data]),
    });
    const parameters = packParameters(head, theirs("param"));
    const size = parameterCount(head);
    const graphs = trainingGraphs(head, { vectors: "float32", optimiser: "ADAM", hasL1: false });
    const scoring = scoringGraphs(head, "float32");
    await Promise.all([
      thread.open("step", graphs.step()),
      thread.open("part", scoring.part()),
      thread.open("merge", scoring.merge()),
      thread.put("p", floats(parameters, size)),
    ]);
    const { data: features, shape } = get(`${prefix}.input.features`);

    const part = (
      await thread.run({
        graph: "part",
        feeds: { features: floats(features, ...shape) },
        kept: { parameters: "p" },
        fetch: ["shiftOut", "totalOut", "weightedOut", "scores"],
      })
    ).outputs;
    const merged = (
      await thread.run({
        graph: "merge",
        feeds: Object.fromEntries(
          Object.entries({
            shift: part.shiftOut,
            total: part.totalOut,
            weighted: part.weightedOut,
            scores: part.scores,
          }).map(([name, tensor]) => [name, tensor as TensorData]),
        ),
        kept: { parameters: "p" },
        fetch: ["outputs", "attention"],
      })
    ).outputs;
    agree(merged.attention?.data ?? [], get(`${prefix}.expected.attention`).data);
    const [zero = Number.NaN, one = Number.NaN] = merged.outputs?.data ?? [];
    agree([1 / (1 + Math.exp(zero - one))], get(`${prefix}.expected.probability`).data);

    const { outputs } = await thread.run({
      graph: "step",
      feeds: {
        features: floats(features, ...shape),
        segment: integers(new Int32Array(37)),
        segmentIds: integers([0]),
        label: floats([0, 1], 1, 2),
        weight: floats([1], 1),
        ...scalars(optimiserFeeds(size, 1, 1e-4, 0)),
      },
      kept: { parameters: "p" },
      keep: { firstMomentNext: "m" },
      fetch: ["loss"],
    });
    agree(outputs.loss?.data ?? [], get(`${prefix}.expected.loss_label1`).data);
    const gradient = gradientOf((await thread.get("m")).data as Float32Array);
    const expected = theirs("grad");
    for (const { name, offset, size: length } of headParameters(head)) {
      const found = gradient.subarray(offset, offset + length);
      // Rows of label 0 mirror those of label 1.
      const from = name === "out.weight" ? 500 : name === "out.bias" ? 1 : 0;
      agree(found.subarray(from), (expected[name] as Float32Array).subarray(from));
    }
  });
});
