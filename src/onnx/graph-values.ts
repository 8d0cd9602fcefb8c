import { type ElementType, elementTypeName, type OnnxGraph, type OnnxNode, type OnnxValueInfo } from "./proto.ts";

/** A graph input or output: its element type (null where unknown) and its dimensions (null where free or unstated). */
export type GraphValue = {
  name: string;
  type: ElementType | null;
  /** Null when the file states no shape at all. */
  dims: (number | null)[] | null;
};

const graphValue = ({ name, type }: OnnxValueInfo): GraphValue => ({
  name: name ?? "",
  type: elementTypeName(type?.tensorType?.elemType),
  dims:
    type?.tensorType?.shape?.dim?.map(({ dimValue, dimParam }) => {
      const size = Number(dimValue ?? 0);
      return dimParam || size <= 0 ? null : size;
    }) ?? null,
});

/** Inputs that a caller must feed. Before IR version 4 weights were listed among the inputs too; those are left out. */
export const graphInputs = (graph: OnnxGraph): GraphValue[] => {
  const weights = new Set((graph.initializer ?? []).map(({ name }) => name));
  return (graph.input ?? []).filter(({ name }) => !weights.has(name)).map(graphValue);
};

export const graphOutputs = (graph: OnnxGraph): GraphValue[] => (graph.output ?? []).map(graphValue);

/** Every name that a node reads, its subgraphs' outer references included. */
const namesRead = (node: OnnxNode): string[] => [
  ...(node.input ?? []),
  ...(node.attribute ?? [])
    .flatMap(({ g, graphs }) => [...(g ? [g] : []), ...(graphs ?? [])])
    .flatMap((graph) => [
      ...(graph.node ?? []).flatMap(namesRead),
      ...(graph.output ?? []).map(({ name }) => name ?? ""),
    ]),
];

/**
 * The nodes on which `outputs` depend, in their order. What a model computes beyond the chosen output (a classifier
 * behind an intermediate layer) is then neither loaded nor run.
 */
export const nodesNeededFor = (graph: OnnxGraph, outputs: readonly string[]): OnnxNode[] => {
  const needed = new Set(outputs);
  const kept: OnnxNode[] = [];
  // ONNX demands topological order, so one pass from the end meets every reader before its writer.
  for (const node of (graph.node ?? []).toReversed()) {
    if ((node.output ?? []).some((name) => name !== "" && needed.has(name))) {
      kept.push(node);
      for (const name of namesRead(node)) needed.add(name);
    }
  }
  return kept.reverse();
};

/** Every value name that occurs in the graph or its subgraphs: what a new name must differ from. */
export const valueNames = (graph: OnnxGraph): Set<string> => {
  const names = new Set<string>();
  const visit = ({ node, input, output, initializer }: OnnxGraph): void => {
    for (const value of [...(input ?? []), ...(output ?? []), ...(initializer ?? [])]) names.add(value.name ?? "");
    for (const each of node ?? []) {
      for (const name of [...(each.input ?? []), ...(each.output ?? [])]) names.add(name);
      for (const { g, graphs } of each.attribute ?? []) {
        if (g) visit(g);
        graphs?.forEach(visit);
      }
    }
  };
  visit(graph);
  return names;
};

/** A prefix (`base`, or `base` and a number) that no value name of the graph begins with. */
export const freePrefix = (graph: OnnxGraph, base: string): string => {
  const names = [...valueNames(graph)];
  for (let attempt = 0; ; attempt++) {
    const prefix = attempt === 0 ? `${base}/` : `${base}${attempt}/`;
    if (!names.some((name) => name.startsWith(prefix))) return prefix;
  }
};
