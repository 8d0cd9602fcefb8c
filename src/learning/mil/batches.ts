import type { TensorData } from "../../onnx/graph-thread.ts";
import { HistoError } from "../../platform/errors.ts";
import { type Random, sampleWithoutReplacement } from "../random.ts";
import { lastWidth, usesClusters, usesCoordinates } from "./headParameters.ts";
import { shuffled } from "./randomStream.ts";
import { survivalOf } from "./targets.ts";
import type { BagRows, HeadDefinition, LabelledBag, MilBag, MilTask, TrainingOptions } from "./types.ts";

/** Bags of one step, each with the rows that take part; null: all. */
export type Step<Bag extends MilBag = LabelledBag> = { bag: Bag; rows: Uint32Array | null }[];

/** What each bag may have of a budget of patches: small bags all they have, the others equal parts of what is left. */
export const sharedBudget = (sizes: readonly number[], budget: number): number[] => {
  const granted = sizes.map(() => 0);
  const order = sizes.map((_, index) => index).sort((a, b) => (sizes[a] ?? 0) - (sizes[b] ?? 0));
  let left = budget;
  order.forEach((index, rank) => {
    const share = Math.max(1, Math.floor(left / (order.length - rank)));
    granted[index] = Math.min(sizes[index] ?? 0, share);
    left -= granted[index] ?? 0;
  });
  return granted;
};

const sampledStep = <Bag extends MilBag>(bags: readonly Bag[], budget: number, random: Random): Step<Bag> => {
  const granted = sharedBudget(
    bags.map(({ patches }) => patches),
    budget,
  );
  return bags.map((bag, index) => {
    const count = granted[index] ?? bag.patches;
    return { bag, rows: count < bag.patches ? sampleWithoutReplacement(random, bag.patches, count) : null };
  });
};

/**
 * The steps of one epoch: bags in random order, dealt so that steps are of one size within a bag, and for Cox's likelihood every
 * step has an event (fewer steps where there are fewer events than steps).
 */
export const epochSteps = (
  task: MilTask,
  bags: readonly LabelledBag[],
  { patientsPerStep, maxPatchesPerStep }: Pick<TrainingOptions, "patientsPerStep" | "maxPatchesPerStep">,
  random: Random,
): Step[] => {
  const order = shuffled(bags, random);
  const needsEvents = task.kind === "SURVIVAL" && task.likelihood === "COX";
  const hasEvent = (bag: LabelledBag): boolean => needsEvents && survivalOf(bag).event;
  const events = order.filter(hasEvent);
  const wanted = Math.ceil(bags.length / patientsPerStep);
  const count = needsEvents ? Math.max(1, Math.min(wanted, events.length)) : wanted;
  const cards = [...events, ...order.filter((bag) => !hasEvent(bag))];
  return Array.from({ length: count }, (_, step) =>
    sampledStep(
      cards.filter((_, index) => index % count === step),
      maxPatchesPerStep,
      random,
    ),
  );
};

/** Bags put together as long as their rows fit into `patches`; a larger bag stands alone. */
export const packedRuns = <Bag extends MilBag>(step: Step<Bag>, patches: number): Step<Bag>[] => {
  const runs: Step<Bag>[] = [];
  let room = 0;
  for (const item of step) {
    const size = item.rows?.length ?? item.bag.patches;
    const last = runs.at(-1);
    if (last && size <= room) last.push(item);
    else runs.push([item]);
    room = (last && size <= room ? room : patches) - size;
  }
  return runs;
};

/** One fixed sample of every bag, for validation. */
export const fixedSample = <Bag extends MilBag>(bags: readonly Bag[], most: number, random: Random): Step<Bag> =>
  bags.map((bag) => ({ bag, rows: bag.patches > most ? sampleWithoutReplacement(random, bag.patches, most) : null }));

const hasNonFinite = (vectors: Float32Array | Uint16Array): boolean => {
  if (vectors instanceof Uint16Array) {
    for (let i = 0; i < vectors.length; i++) if (((vectors[i] as number) & 0x7c00) === 0x7c00) return true;
    return false;
  }
  for (let i = 0; i < vectors.length; i++) if (!Number.isFinite(vectors[i])) return true;
  return false;
};

/** Refuses vectors of another length or with numbers that are none. @throws DIMENSION_MISMATCH, NOT_FINITE */
export const checkVectors = (
  dims: number,
  { key }: MilBag,
  rows: number,
  vectors: Float32Array | Uint16Array,
): void => {
  if (vectors.length !== rows * dims) {
    throw new HistoError("DIMENSION_MISMATCH", `${key}: ${rows} vectors of ${dims} numbers were expected.`, {
      fix: "Use the feature set that the head was made for.",
      path: ["bags", key],
    });
  }
  if (hasNonFinite(vectors)) {
    throw new HistoError("NOT_FINITE", `A vector of ${key} holds NaN or infinity.`, {
      fix: "Embed or import that slide again, or leave it out.",
      path: ["bags", key],
    });
  }
};

/** Refuses rows that do not go with the head. @throws DIMENSION_MISMATCH, NOT_FINITE, BAD_ARGUMENT */
export const checkRows = (head: HeadDefinition, bag: MilBag, rows: number, given: BagRows): void => {
  const { key } = bag;
  checkVectors(head.dims, bag, rows, given.vectors);
  const isCluster = (cluster: number): boolean => Number.isInteger(cluster) && cluster >= 0 && cluster < head.clusters;
  if (usesClusters(head) && (given.clusters?.length !== rows || !Array.from(given.clusters).every(isCluster))) {
    throw new HistoError("BAD_ARGUMENT", `${key} has no cluster from 0 to ${head.clusters - 1} for every patch.`, {
      fix: "Give the codebook that assigns them.",
      path: ["bags", key],
    });
  }
  if (usesCoordinates(head) && given.coordinatesMillimetres?.length !== 2 * rows) {
    throw new HistoError("BAD_ARGUMENT", `${key} has no coordinates for every patch.`, { path: ["bags", key] });
  }
};

/** @throws BAD_ARGUMENT for bags without patches or with equal keys. */
export const checkBags = (bags: readonly MilBag[]): void => {
  const keys = new Set<string>();
  for (const { key, patches } of bags) {
    if (!Number.isInteger(patches) || patches < 1) {
      throw new HistoError("BAD_ARGUMENT", `${key} has no patches.`, {
        fix: "Embed its slides, or leave it out.",
        path: ["bags", key],
      });
    }
    if (keys.has(key)) throw new HistoError("DUPLICATE_KEY", `${key} stands there twice.`, { path: ["bags", key] });
    keys.add(key);
  }
};

/** Whether half-precision rows may be fed as they are: when every bag has them. */
export type Vectors = "float32" | "float16";

/** Reads the rows of some bags and puts them one behind the other, as the training graphs read them. */
export const bagFeeds = async (
  head: HeadDefinition,
  step: Step<MilBag>,
  vectors: Vectors,
): Promise<Record<string, TensorData>> => {
  const counts = step.map(({ bag, rows }) => rows?.length ?? bag.patches);
  const patches = counts.reduce((total, count) => total + count, 0);
  const features = vectors === "float16" ? new Uint16Array(patches * head.dims) : new Float32Array(patches * head.dims);
  const segment = new Int32Array(patches);
  const coordinates = usesCoordinates(head) ? new Float32Array(2 * patches) : null;
  const given = await Promise.all(step.map(({ bag, rows }) => bag.read(rows)));
  let at = 0;
  given.forEach((read, index) => {
    const { bag } = step[index] as Step<MilBag>[number];
    const count = counts[index] as number;
    checkRows(head, bag, count, read);
    if (read.vectors instanceof Uint16Array !== (vectors === "float16")) {
      throw new HistoError("BAD_ARGUMENT", `${bag.key} gives another precision than the bags before it.`, {
        path: ["bags", bag.key],
      });
    }
    features.set(read.vectors, at * head.dims);
    coordinates?.set(read.coordinatesMillimetres ?? [], 2 * at);
    if (usesClusters(head)) {
      for (let row = 0; row < count; row++) segment[at + row] = index * head.clusters + (read.clusters?.[row] ?? 0);
    } else {
      segment.fill(index, at, at + count);
    }
    at += count;
  });
  const segments = step.length * (usesClusters(head) ? head.clusters : 1);
  return {
    features: { type: vectors, dims: [patches, head.dims], data: features } as TensorData,
    segment: { type: "int32", dims: [patches], data: segment },
    segmentIds: { type: "int32", dims: [segments], data: Int32Array.from({ length: segments }, (_, id) => id) },
    ...(coordinates && { coordinates: { type: "float32", dims: [patches, 2], data: coordinates } as const }),
  };
};

/** Masks of 0 and 1/(1 − dropout), `[bags, lastWidth]`; none for a head that drops nothing. */
export const dropoutMask = (head: HeadDefinition, bags: number, random: Random): Float32Array | null => {
  if (head.dropout === 0 || head.architecture === "MAX_POOL") return null;
  const kept = 1 / (1 - head.dropout);
  return Float32Array.from({ length: bags * lastWidth(head) }, () => (random.next() < head.dropout ? 0 : kept));
};

/** Bags that are in memory already. */
export const memoryRows =
  (dims: number, all: BagRows): MilBag["read"] =>
  async (rows) => {
    if (!rows) return all;
    const pick = <T extends Float32Array | Uint16Array>(from: T, width: number): T => {
      const to = from.slice(0, 0).constructor as new (length: number) => T;
      const picked = new to(rows.length * width);
      rows.forEach((row, index) => {
        picked.set(from.subarray(row * width, (row + 1) * width), index * width);
      });
      return picked;
    };
    return {
      vectors: pick(all.vectors, dims),
      ...(all.clusters && { clusters: Array.from(rows, (row) => all.clusters?.[row] ?? 0) }),
      ...(all.coordinatesMillimetres && { coordinatesMillimetres: pick(all.coordinatesMillimetres, 2) }),
    };
  };
