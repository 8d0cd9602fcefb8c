import { HistoError } from "../../platform/errors.ts";
import { randomStream } from "./randomStream.ts";
import type { HeadDefinition, MilArchitecture, MilTask } from "./types.ts";

/** One parameter; matrices are `[out, in]`, the layout of PyTorch's Linear. */
export type HeadParameter = {
  name: string;
  shape: readonly number[];
  /** Where its first value stands among all parameters. */
  offset: number;
  size: number;
  /** How it begins: uniform within ±1/√inputs (PyTorch's Linear; LeCun et al. 1998), or a constant. */
  start: { inputs: number } | { constant: number };
};

/** Frequencies of the position code: √2-fold steps, wavelengths from 0.25 mm to about 45 mm. */
export const POSITION_FREQUENCIES: readonly number[] = Array.from(
  { length: 16 },
  (_, i) => (8 * Math.PI) / 2 ** (i / 2),
);
export const POSITION_FEATURES = 4 * POSITION_FREQUENCIES.length;
const MOST_LATENTS = 256;

export const usesClusters = ({ architecture }: HeadDefinition): boolean => architecture === "DEEP_ATTN_MISL";
export const usesCoordinates = ({ architecture }: HeadDefinition): boolean => architecture === "SELF_ATTENTION";

/** Numbers that a head gives for a bag. */
export const outputCount = (task: MilTask): number => {
  switch (task.kind) {
    case "SURVIVAL":
      return task.likelihood === "COX" ? 1 : task.cutsDays.length + 1;
    case "CLASSIFICATION":
      return task.classes.length;
    case "REGRESSION":
      return 1;
  }
};

/** Attention channels: each weighs the patches on its own. */
export const attentionChannels = ({ architecture, latents }: HeadDefinition): number =>
  architecture === "SELF_ATTENTION" ? latents : 1;

/** Width of what is pooled. */
export const patchWidth = ({ hidden, dims }: HeadDefinition): number => hidden ?? dims;

/** Width of what the last layer reads, and dropout thins out. */
export const lastWidth = (head: HeadDefinition): number => head.headHidden ?? patchWidth(head);

const layersOf = (head: HeadDefinition): [name: string, out: number, inputs: number][] => {
  const { dims, hidden, attentionHidden, headHidden } = head;
  const width = patchWidth(head);
  const attention: [string, number, number][] = [
    ["attention", attentionHidden, width],
    ...(head.architecture === "GATED_ABMIL" ? [["gate", attentionHidden, width] as [string, number, number]] : []),
    ["score", 1, attentionHidden],
  ];
  return [
    ...(hidden === null ? [] : [["embed", hidden, dims] as [string, number, number]]),
    ...(["MEAN_POOL", "MAX_POOL", "SELF_ATTENTION"].includes(head.architecture) ? [] : attention),
    ...(head.architecture === "SELF_ATTENTION"
      ? ([
          ["position", width, POSITION_FEATURES],
          ["key", attentionHidden, width],
          ["value", width, width],
          ["latentQuery", width, width],
          ["latentKey", width, width],
          ["latentValue", width, width],
          ["latentOut", width, width],
          ["mixIn", 2 * width, width],
          ["mixOut", width, 2 * width],
        ] as [string, number, number][])
      : []),
    ...(headHidden === null ? [] : [["head", headHidden, width] as [string, number, number]]),
    ["out", outputCount(head.task), lastWidth(head)],
  ];
};

/** All parameters of a head, in the order in which they stand in its flat array. */
export const headParameters = (head: HeadDefinition): HeadParameter[] => {
  const width = patchWidth(head);
  const wanted: Omit<HeadParameter, "offset" | "size">[] = layersOf(head).flatMap(([name, out, inputs]) => [
    // Places weigh nothing at first: random ones would tell bags apart where there are few.
    { name: `${name}.weight`, shape: [out, inputs], start: name === "position" ? { constant: 0 } : { inputs } },
    { name: `${name}.bias`, shape: [out], start: { inputs } },
  ]);
  if (head.architecture === "SELF_ATTENTION") {
    wanted.push({ name: "latents", shape: [head.latents, head.attentionHidden], start: { inputs: 1 } });
    for (const norm of ["latentNorm", "mixNorm"]) {
      wanted.push({ name: `${norm}.weight`, shape: [width], start: { constant: 1 } });
      wanted.push({ name: `${norm}.bias`, shape: [width], start: { constant: 0 } });
    }
  }
  let offset = 0;
  return wanted.map((parameter) => {
    const size = parameter.shape.reduce((product, side) => product * side, 1);
    const placed = { ...parameter, offset, size };
    offset += size;
    return placed;
  });
};

export const parameterCount = (head: HeadDefinition): number =>
  headParameters(head).reduce((total, { size }) => total + size, 0);

/** Parameters to begin with, by a seed. */
export const initialParameters = (head: HeadDefinition, ...seed: (string | number)[]): Float32Array => {
  const flat = new Float32Array(parameterCount(head));
  for (const { name, offset, size, start } of headParameters(head)) {
    const part = flat.subarray(offset, offset + size);
    if ("constant" in start) {
      part.fill(start.constant);
      continue;
    }
    const random = randomStream("parameters", name, ...seed);
    const bound = 1 / Math.sqrt(start.inputs);
    for (let i = 0; i < size; i++) part[i] = (2 * random.next() - 1) * bound;
  }
  return flat;
};

/** The flat array from named parameters; every one must be there, with its size. */
export const packParameters = (
  head: HeadDefinition,
  named: Readonly<Record<string, ArrayLike<number>>>,
): Float32Array => {
  const flat = new Float32Array(parameterCount(head));
  for (const { name, offset, size } of headParameters(head)) {
    const values = named[name];
    if (values?.length !== size) {
      throw new HistoError(
        "MODEL_INCOMPATIBLE",
        `Parameter ${name} has ${values?.length ?? 0} numbers instead of ${size}.`,
      );
    }
    flat.set(values, offset);
  }
  return flat;
};

/**
 * A head with its usual sizes. DEEP_ATTN_MISL: 64, attention 32, 64 → 32 → ReLU → dropout 0.5 (Yao et al. 2020); the
 * others: a layer of 256, attention half of it, dropout 0.25 (Lu et al. 2021 have 512, 256, 0.25).
 */
export const headWithDefaults = (
  wanted: { architecture: MilArchitecture; task: MilTask; dims: number } & Partial<HeadDefinition>,
): HeadDefinition => {
  const deepAttention = wanted.architecture === "DEEP_ATTN_MISL";
  const hidden = wanted.hidden === undefined ? (deepAttention ? 64 : 256) : wanted.hidden;
  const head: HeadDefinition = {
    architecture: wanted.architecture,
    task: wanted.task,
    dims: wanted.dims,
    hidden,
    attentionHidden: wanted.attentionHidden ?? Math.ceil((hidden ?? 256) / 2),
    headHidden: wanted.headHidden === undefined ? (deepAttention ? 32 : null) : wanted.headHidden,
    dropout: wanted.dropout ?? (deepAttention ? 0.5 : 0.25),
    clusters: wanted.clusters ?? (deepAttention ? 10 : 1),
    latents: wanted.latents ?? 32,
  };
  checkHead(head);
  return head;
};

const isSize = (value: number): boolean => Number.isInteger(value) && value >= 1;

/** @throws BAD_ARGUMENT for sizes that make no head. */
export const checkHead = (head: HeadDefinition): void => {
  const refuse = (what: string, path: string, fix: string): never => {
    throw new HistoError("BAD_ARGUMENT", what, { fix, path: [path] });
  };
  for (const name of ["dims", "attentionHidden", "clusters", "latents"] as const) {
    if (!isSize(head[name])) refuse(`${name} is ${head[name]}.`, name, "Give a whole number from 1 upwards.");
  }
  for (const name of ["hidden", "headHidden"] as const) {
    const size = head[name];
    if (size !== null && !isSize(size)) refuse(`${name} is ${size}.`, name, "Give a whole number from 1 upwards.");
  }
  if (!(head.dropout >= 0 && head.dropout < 1)) {
    refuse(`A dropout of ${head.dropout} is not possible.`, "dropout", "Give a share from 0 to below 1.");
  }
  if (head.latents > MOST_LATENTS) {
    refuse(`${head.latents} latent queries are too many.`, "latents", `Give at most ${MOST_LATENTS}.`);
  }
  if (outputCount(head.task) < 1 || (head.task.kind === "CLASSIFICATION" && head.task.classes.length < 2)) {
    refuse("A classification needs two classes.", "task", "Choose a label with at least two values.");
  }
};
