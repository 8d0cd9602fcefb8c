import { expect, test } from "vitest";
import { createGraphBuilder } from "./graph-builder.ts";
import { freePrefix, graphInputs, graphOutputs, nodesNeededFor } from "./graph-values.ts";
import type { OnnxNode } from "./proto.ts";

const twoOutputs = () => {
  const builder = createGraphBuilder();
  const x = builder.input("x", "float32", ["n", 4]);
  const middle = builder.node("Relu", [x], {}, "middle");
  const end = builder.node("Neg", [builder.node("Exp", [middle], {}, "behind")], {}, "end");
  builder.output(middle, "float32", ["n", 4]);
  builder.output(end, "float32", ["n", 4]);
  return builder.parts();
};

test("inputs and outputs tell names, types and dimensions, free ones as null", () => {
  const graph = twoOutputs();
  expect(graphInputs(graph)).toEqual([{ name: "x", type: "float32", dims: [null, 4] }]);
  expect(graphOutputs(graph).map(({ name }) => name)).toEqual(["middle", "end"]);
});

test("an input that has a weight of its name is a weight (IR version below 4)", () => {
  const graph = twoOutputs();
  expect(graphInputs({ ...graph, initializer: [{ name: "x", dataType: 1, dims: [4] }] })).toEqual([]);
});

test("only nodes that the chosen output needs are kept, in their order", () => {
  const ops = (nodes: OnnxNode[]) => nodes.map(({ opType }) => opType);
  expect(ops(nodesNeededFor(twoOutputs(), ["middle"]))).toEqual(["Relu"]);
  expect(ops(nodesNeededFor(twoOutputs(), ["end"]))).toEqual(["Relu", "Exp", "Neg"]);
});

test("what a subgraph reads from outside counts as needed", () => {
  const inner = createGraphBuilder();
  inner.output(inner.node("Neg", ["middle"], {}, "inner"), "float32", ["n", 4]);
  const graph = twoOutputs();
  const choice: OnnxNode = {
    opType: "If",
    input: ["flag"],
    output: ["chosen"],
    attribute: [{ name: "then_branch", type: 5, g: inner.parts() }],
  };
  const kept = nodesNeededFor({ ...graph, node: [...graph.node, choice] }, ["chosen"]);
  expect(kept.map(({ opType }) => opType)).toEqual(["Relu", "If"]);
});

test("a prefix is chosen that nothing in the graph begins with", () => {
  const builder = createGraphBuilder();
  builder.node("Relu", ["histoql/x"], {}, "histoql1/y");
  expect(freePrefix(builder.parts(), "histoql")).toBe("histoql2/");
  expect(freePrefix(twoOutputs(), "histoql")).toBe("histoql/");
});
