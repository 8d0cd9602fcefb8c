import type { FeatureBatch } from "../../formats/featureTable.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
// Not by the room's index: the thread of a stream needs no readers of slides.
import { cellOrigin } from "../../slides/grid.ts";
import type { Database } from "../../store/database.ts";
import {
  type ExportRows,
  type ExportSource,
  exportMemory,
  type PatchRange,
  readExportRows,
} from "../../store/exportRows.ts";
import { type ExportSlide, readExportSlides } from "../../store/exportSlides.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import { cellOf, gridIdOf, patchId } from "../../store/patches.ts";
import { gridPart } from "../patch/patch.service.ts";
import { attentionOfPatches, type SlideAttention } from "./attentionOfPatches.ts";
import { idBeginning, patchGlobalIds } from "./patchGlobalIds.ts";

/** What is read from the database at a time, in bytes of vectors; so much waits while as much is sent. */
export const READ_BYTES = 8 * 2 ** 20;

/** Of vectors of few numbers the rest of a row is the larger part. */
const MOST_ROWS = 2 ** 16;

const rowsARead = ({ source: { dims }, readBytes = READ_BYTES }: RowsRequest): number =>
  Math.min(MOST_ROWS, Math.max(1, Math.floor(readBytes / (dims * 2))));

/** Batches that a reading is sent in: no turn of the event loop has more to convert. */
const BATCHES_A_READ = 4;
/** A filter on patches may leave few: then more slides are looked through at a time. */
const SPARSE_FACTOR = 8;

/** The ids that patches of slides can have. */
export const rangesOf = (slides: readonly Pick<ExportSlide, "gridId">[]): PatchRange[] =>
  slides.map(({ gridId }) => ({ from: patchId(gridId, 0), to: patchId(gridId + 1, 0) }));

/** One text for what slides hold; another one when some of their vectors are replaced, be they as many as before. */
export const versionOf = (slides: readonly ExportSlide[]): string =>
  digestOf(slides.map(({ gridId, isComplete, version }) => [gridId, isComplete, version]));

/**
 * Patches of a lattice lie where their cells say; the table of patches need not be joined to every row, which costs as much as
 * the vectors.
 */
export const placesOf = (
  { level }: Pick<FeatureSet, "level">,
  slides: readonly ExportSlide[],
): ExportSource["places"] => {
  if (level !== "PATCH") return "NONE";
  return slides.every(({ lattice }) => lattice !== null) ? "CELLS" : "STORED";
};

export type RowsRequest = {
  studyKey: string;
  source: ExportSource;
  /** By grid id. */
  slides: readonly ExportSlide[];
  /** `versionOf` the slides, which still must hold at the end. */
  version: string;
  /** Go on behind this patch. */
  after: number | undefined;
  /** How many rows there must be. */
  rows: number;
  /** Null without such a column. */
  attention: readonly SlideAttention[] | null;
  /** What is read at a time, in bytes of vectors; 8 MiB when left out. */
  readBytes?: number;
};

/** Why a stream breaks off. */
export const changed = (): HistoError =>
  new HistoError("CONFLICT", "Vectors of the feature set have changed while they were read.", {
    fix: "Wait for the jobs that embed slides into it, then ask for a new export.",
  });

/** The next ranges that may hold `limit` rows, and how many slides they are. */
const nextRanges = (ranges: readonly PatchRange[], slides: readonly ExportSlide[], first: number, most: number) => {
  let behind = first;
  for (let rows = 0; behind < ranges.length && rows < most; behind++) rows += (slides[behind] as ExportSlide).patches;
  return { some: ranges.slice(first, behind), behind };
};

const versionNow = async (database: Database, { source, slides }: RowsRequest): Promise<string> => {
  const gridIds = slides.map(({ gridId }) => gridId);
  return versionOf(await readExportSlides(database, source.featureSetId, { gridIds }));
};

/** Rows in order, one reading at a time. */
async function* readings(
  database: Database,
  request: RowsRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExportRows> {
  const { source, slides, after = -1 } = request;
  const ranges = rangesOf(slides).map(({ from, to }) => ({ from: Math.max(from, after + 1), to }));
  const places = new Map(slides.map(({ gridId }, index) => [gridId, index]));
  const limit = rowsARead(request);
  const isSparse = Object.values(source.filter).some((condition) => condition !== undefined);
  // One is read into while the other is in use.
  const memories = [exportMemory(limit, source.dims), exportMemory(limit, source.dims)] as const;
  let turn: 0 | 1 = 0;
  let index = ranges.findIndex(({ from, to }) => from < to);
  while (index >= 0 && index < ranges.length) {
    // A filter that few patches pass is looked for long before there is anything to yield.
    signal?.throwIfAborted();
    const { some, behind } = nextRanges(ranges, slides, index, isSparse ? limit * SPARSE_FACTOR : limit);
    const rows = await readExportRows(database, source, some, limit, memories[turn]);
    const last = rows.patchIds.at(-1);
    if (last === undefined || rows.patchIds.length < limit) {
      index = behind;
    } else {
      index = places.get(gridIdOf(last)) as number;
      (ranges[index] as PatchRange).from = last + 1;
    }
    if (last === undefined) continue;
    // Not before: behind a reading without rows, the next one would go where somebody still reads.
    turn = turn === 0 ? 1 : 0;
    yield rows;
  }
}

/** Asks for the next one while the last one is being used. */
async function* ahead<Value>(source: AsyncGenerator<Value>): AsyncGenerator<Value> {
  const ask = () => {
    const next = source.next();
    // Whoever stops early does not ask what became of it.
    next.catch(() => {});
    return next;
  };
  let next = ask();
  try {
    for (let result = await next; !result.done; result = await next) {
      next = ask();
      yield result.value;
    }
  } finally {
    await next.catch(() => {});
    await source.return(undefined);
  }
}

/** Each row's slide, as its place among the slides. @throws HistoError CONFLICT when ids do not ascend */
const slidesOf = (patchIds: Float64Array, places: ReadonlyMap<number, number>): Int32Array => {
  const slides = new Int32Array(patchIds.length);
  let grid = -1;
  let place = -1;
  for (let row = 0; row < patchIds.length; row++) {
    const id = patchIds[row] as number;
    if (row > 0 && id <= (patchIds[row - 1] as number)) throw new Error("Rows of an export are not in order.");
    if (gridIdOf(id) !== grid) {
      grid = gridIdOf(id);
      place = places.get(grid) ?? -1;
    }
    slides[row] = place;
  }
  return slides;
};

/** Left and upper edges of patches that lie in rows and columns. */
const cornersOf = (
  patchIds: Float64Array,
  slideOf: Int32Array,
  slides: readonly ExportSlide[],
): { x: Int32Array; y: Int32Array } => {
  const x = new Int32Array(patchIds.length);
  const y = new Int32Array(patchIds.length);
  for (let row = 0; row < patchIds.length; row++) {
    const lattice = slides[slideOf[row] as number]?.lattice;
    if (!lattice) throw new Error("A patch of an export lies in no rows and columns.");
    const corner = cellOrigin(lattice, cellOf(patchIds[row] as number));
    x[row] = corner.x;
    y[row] = corner.y;
  }
  return { x, y };
};

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * The rows of an export by patch id, in batches, read from the database a reading ahead of whoever takes them and no further.
 * The memory of a batch is used again: what must stay when the next one is asked for has to be copied.
 * @param signal ends it before the next reading
 * @throws HistoError CONFLICT at the end when there are not just as many as there must be, or some are of other vectors than the rest
 */
export async function* exportBatches(
  database: Database,
  request: RowsRequest,
  signal?: AbortSignal,
): AsyncGenerator<FeatureBatch> {
  const { studyKey, source, slides } = request;
  const { dims } = source;
  const places = new Map(slides.map(({ gridId }, index) => [gridId, index]));
  const beginnings = slides.map(({ key, gridDigest }) => idBeginning(studyKey, key, gridPart({ digest: gridDigest })));
  const most = Math.ceil(rowsARead(request) / BATCHES_A_READ);
  let sent = 0;
  for await (const rows of ahead(readings(database, request, signal))) {
    const slideOf = slidesOf(rows.patchIds, places);
    const corners = source.places === "CELLS" ? cornersOf(rows.patchIds, slideOf, slides) : rows;
    const attention = request.attention ? attentionOfPatches(request.attention, rows.patchIds) : new Float32Array();
    for (let from = 0; from < slideOf.length; from += most) {
      const to = Math.min(from + most, slideOf.length);
      const [batchSlides, x, y] = [slideOf, corners.x, corners.y].map((values) => values.subarray(from, to)) as [
        Int32Array,
        Int32Array,
        Int32Array,
      ];
      yield {
        rows: to - from,
        ids:
          source.places === "NONE"
            ? { offsets: new Int32Array(), bytes: new Uint8Array() }
            : patchGlobalIds(beginnings, batchSlides, x, y),
        slides: batchSlides,
        x,
        y,
        phenotypes: rows.phenotypes.subarray(from, to),
        attention: attention.subarray(from, to),
        halves: rows.halves.subarray(from * dims, to * dims),
      };
      // Others get their turn, however fast the reader is.
      await nextTurn();
    }
    sent += slideOf.length;
  }
  // Each reading sees the vectors of its own moment.
  if (sent !== request.rows || (await versionNow(database, request)) !== request.version) throw changed();
}
