import type { GraphBuilder, Value } from "./graph-builder.ts";

/** The greatest `count` (a 1-element int64 value) of each row, greatest first, and where they stood (int64). */
export const topK = (builder: GraphBuilder, x: Value, count: Value): { values: Value; indices: Value } => {
  const { node } = builder.parts();
  const values = `TopK${node.length}`;
  const indices = `TopKIndices${node.length}`;
  node.push({ name: values, opType: "TopK", input: [x, count], output: [values, indices] });
  return { values, indices };
};
