/** One training step of a gated attention head, in a process of its own: prints JSON with the milliseconds of every step. */
import { availableParallelism } from "node:os";
import { headWithDefaults, initialParameters } from "../src/learning/mil/index.ts";
import { trainingGraphs } from "../src/learning/mil/trainingGraphs.ts";
import { startGraphThread, type TensorData } from "../src/onnx/graph-thread.ts";

const [patchesText = "4096", dimsText = "1024", hiddenText = "512", stepsText = "20"] = process.argv.slice(2);
const [patches, dims, hidden, steps] = [patchesText, dimsText, hiddenText, stepsText].map(Number) as [
  number,
  number,
  number,
  number,
];
const head = headWithDefaults({
  architecture: "GATED_ABMIL",
  task: { kind: "CLASSIFICATION", classes: ["a", "b"] },
  dims,
  hidden,
  dropout: 0,
});
const parameters = initialParameters(head, 0);
const features = Float32Array.from({ length: patches * dims }, (_, i) => Math.sin(i * 12.9898) * 2);
const floats = (data: number[] | Float32Array, ...shape: number[]): TensorData => ({
  type: "float32",
  dims: shape,
  data: Float32Array.from(data),
});

const thread = await startGraphThread({ provider: "cpu", threads: availableParallelism() });
await thread.open("step", trainingGraphs(head, { vectors: "float32", optimiser: "ADAM", hasL1: false }).step());
await thread.put("parameters", floats(parameters, parameters.length));
await thread.put("firstMoment", floats(new Float32Array(parameters.length), parameters.length));
await thread.put("secondMoment", floats(new Float32Array(parameters.length), parameters.length));
const milliseconds: number[] = [];
let loss = Number.NaN;
for (let step = 1; step <= steps; step++) {
  const feeds: Record<string, TensorData> = {
    features: floats(features, patches, dims),
    segment: { type: "int32", dims: [patches], data: new Int32Array(patches) },
    segmentIds: { type: "int32", dims: [1], data: Int32Array.of(0) },
    label: floats([0, 1], 1, 2),
    weight: floats([1], 1),
    decay: { type: "float32", dims: [], data: Float32Array.of(5e-4) },
    stepSize: { type: "float32", dims: [], data: Float32Array.of(1e-4 / (1 - 0.9 ** step)) },
    secondScale: { type: "float32", dims: [], data: Float32Array.of(1 / Math.sqrt(1 - 0.999 ** step)) },
  };
  const began = performance.now();
  const { outputs } = await thread.run({
    graph: "step",
    feeds,
    kept: { parameters: "parameters", firstMoment: "firstMoment", secondMoment: "secondMoment" },
    keep: { parametersNext: "parameters", firstMomentNext: "firstMoment", secondMomentNext: "secondMoment" },
    fetch: ["loss"],
  });
  milliseconds.push(performance.now() - began);
  loss = outputs.loss?.data[0] ?? Number.NaN;
}
await thread.close();
process.stdout.write(JSON.stringify({ milliseconds, loss }));
