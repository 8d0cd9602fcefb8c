import { type GraphThread, startGraphThread, type TensorData } from "../../onnx/graph-thread.ts";
import { HistoError } from "../../platform/errors.ts";
import { checkBags, checkRows, type Vectors } from "./batches.ts";
import { checkHead, parameterCount, usesClusters, usesCoordinates } from "./headParameters.ts";
import { predictionOf } from "./predictions.ts";
import { partShapes, scoreColumns, scoringGraphs } from "./scoringGraphs.ts";
import type { BagRows, BagScore, EngineOptions, HeadDefinition, MilBag } from "./types.ts";

/** Patches of one piece of a bag: large enough for fast products, small enough that memory does not show it. */
const PATCHES_PER_PART = 8192;

/** Slot of the thread in which the parameters that are scored with lie. */
const SLOT = "scored";

const floats = (data: Float32Array, ...dims: number[]): TensorData => ({ type: "float32", dims, data });

/** Copied, as buffers are given away to the thread and the caller may keep its own. */
const partFeeds = (head: HeadDefinition, rows: number, { vectors, ...given }: BagRows): Record<string, TensorData> => ({
  features:
    vectors instanceof Uint16Array
      ? { type: "float16", dims: [rows, head.dims], data: vectors.slice() }
      : floats(vectors.slice(), rows, head.dims),
  ...(usesCoordinates(head) && { coordinates: floats(Float32Array.from(given.coordinatesMillimetres ?? []), rows, 2) }),
  ...(usesClusters(head) && {
    cluster: { type: "int32", dims: [rows], data: Int32Array.from(given.clusters ?? []) } as const,
  }),
});

/** Joins what the pieces gave: one array of all their numbers. */
const joined = (pieces: readonly ArrayLike<number>[]): Float32Array => {
  const whole = new Float32Array(pieces.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
};

/**
 * Scores one whole bag in pieces with graphs that a thread has open. While one piece is computed the next one is read.
 */
export const scoreBag = async (
  thread: GraphThread,
  head: HeadDefinition,
  vectors: Vectors,
  bag: MilBag,
  patchesPerPart = PATCHES_PER_PART,
): Promise<BagScore> => {
  checkBags([bag]);
  const shapes = Object.entries(partShapes(head));
  const columns = scoreColumns(head);
  const fetch = [...shapes.map(([name]) => `${name}Out`), ...(columns > 0 ? ["scores"] : [])];
  const starts = Array.from({ length: Math.ceil(bag.patches / patchesPerPart) }, (_, part) => part * patchesPerPart);
  const results: Promise<Record<string, TensorData>>[] = [];
  const clusters: ArrayLike<number>[] = [];
  for (const start of starts) {
    const count = Math.min(patchesPerPart, bag.patches - start);
    const rows = await bag.read(
      starts.length === 1 ? null : Uint32Array.from({ length: count }, (_, row) => start + row),
    );
    checkRows(head, bag, count, rows);
    if (rows.vectors instanceof Uint16Array !== (vectors === "float16")) {
      throw new HistoError("BAD_ARGUMENT", `${bag.key} has another precision than was announced.`, { path: [bag.key] });
    }
    if (rows.clusters) clusters.push(rows.clusters);
    // Two pieces at most are in memory: the one that is computed and the one that waits.
    await results.at(-2);
    const ran = thread
      .run({ graph: `part:${vectors}`, feeds: partFeeds(head, count, rows), kept: { parameters: SLOT }, fetch })
      .then(({ outputs }) => outputs);
    // Awaited below; until then a failure must not count as unhandled.
    ran.catch(() => undefined);
    results.push(ran);
  }
  const parts = await Promise.all(results);
  const collected = (name: string): Float32Array => joined(parts.map((part) => part[name]?.data ?? []));
  const feeds: Record<string, TensorData> = Object.fromEntries(
    shapes.map(([name, shape]) => [
      name,
      floats(collected(`${name}Out`), parts.length, ...(shape.slice(1) as number[])),
    ]),
  );
  if (columns > 0) feeds.scores = floats(collected("scores"), bag.patches, columns);
  if (usesClusters(head)) {
    feeds.cluster = { type: "int32", dims: [bag.patches], data: Int32Array.from(joined(clusters)) };
  }
  const { outputs } = await thread.run({
    graph: "merge",
    feeds,
    kept: { parameters: SLOT },
    fetch: ["outputs", "attention", ...(usesClusters(head) ? ["clusterAttention"] : [])],
  });
  return {
    ...predictionOf(head.task, bag, Array.from(outputs.outputs?.data ?? [])),
    attention: outputs.attention?.data as Float32Array,
    clusterAttention: (outputs.clusterAttention?.data as Float32Array | undefined) ?? null,
  };
};

/** Puts a head's parameters where `scoreBag` reads them. */
export const putScoredParameters = (thread: GraphThread, parameters: Float32Array): Promise<void> =>
  thread.put(SLOT, floats(parameters.slice(), parameters.length));

export const openScoringGraphs = async (thread: GraphThread, head: HeadDefinition, vectors: Vectors): Promise<void> => {
  const graphs = scoringGraphs(head, vectors);
  await Promise.all([thread.open(`part:${vectors}`, graphs.part()), thread.open("merge", graphs.merge())]);
};

export type Scorer = {
  /** Whole bags, one after the other. */
  score(bag: MilBag): Promise<BagScore>;
  /** Other parameters of the same head, such as those of another fold. */
  use(parameters: Float32Array): Promise<void>;
  close(): Promise<void>;
};

/**
 * A head with its parameters, ready to score bags of any size. `vectors` is the precision that the bags give.
 * @throws BAD_ARGUMENT for a head that is none; MODEL_INCOMPATIBLE for parameters of another head.
 */
export const createScorer = async (
  head: HeadDefinition,
  parameters: Float32Array,
  { vectors, engine }: { vectors: Vectors; engine: EngineOptions },
): Promise<Scorer> => {
  checkHead(head);
  const use = async (next: Float32Array): Promise<void> => {
    if (next.length !== parameterCount(head)) {
      throw new HistoError(
        "MODEL_INCOMPATIBLE",
        `The head has ${parameterCount(head)} parameters, not ${next.length}.`,
      );
    }
    await putScoredParameters(thread, next);
  };
  const thread = await startGraphThread(engine);
  try {
    await openScoringGraphs(thread, head, vectors);
    await use(parameters);
  } catch (error) {
    await thread.close();
    throw error;
  }
  return { score: (bag) => scoreBag(thread, head, vectors, bag), use, close: () => thread.close() };
};
