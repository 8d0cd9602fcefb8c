import type { Database } from "../database.ts";
import { samplePatches } from "./building.ts";
import {
  type CellCalibration,
  type Correlation,
  MEASURED_FIRST,
  measuredRecall,
  type SearchClass,
  type SharePoint,
} from "./calibration.ts";
import { type CellMap, matchesByCell, type Probe, probeCells } from "./cells.ts";
import { createParameters, filterSql, querySql } from "./conditions.ts";
import { searchExact } from "./exact.ts";
import { readCellMap } from "./knowledge.ts";
import { cellTable, searchCells } from "./scans.ts";
import type { VectorFilter } from "./types.ts";

/** Shares of the matching rows at which recall is told, from two in a thousand on. */
const SHARES = Array.from({ length: 27 }, (_, index) => 0.002 * 1.25 ** index);

const QUERIES = 420;
const DEEPEST = 100;

/** A filter is tried for each of these; each query takes three of them in turn. */
const FILTERS = [
  { selectivity: 0.5, correlation: "none" },
  { selectivity: 0.12, correlation: "anti" },
  { selectivity: 0.5, correlation: "positive" },
  { selectivity: 0.12, correlation: "none" },
  { selectivity: 0.5, correlation: "anti" },
  { selectivity: 0.12, correlation: "positive" },
] as const;

/** What one exact search says: behind which share of the matching rows each true hit would have been found, nearest first. */
export type Observation = SearchClass & { foundBehind: number[] };

/** Shares of the matching rows that are read before each hit's cell. */
export const sharesBefore = (probe: Probe, hitCells: readonly number[]): number[] => {
  const placeOf = new Map(Array.from(probe.cells, (cell, place) => [cell, place]));
  return hitCells.map((cell) => {
    const place = placeOf.get(cell) ?? Number.POSITIVE_INFINITY;
    if (place === 0) return 0;
    return Number.isFinite(place) ? (probe.matching[place - 1] as number) / probe.total : 1;
  });
};

/** Recall of every class of searches at every share. */
export const classRecalls = (observations: readonly Observation[]): CellCalibration["classes"] =>
  [...Map.groupBy(observations, ({ selectivity, correlation }) => `${selectivity}/${correlation}`).values()].flatMap(
    (alike) =>
      MEASURED_FIRST.map((first) => {
        const { selectivity, correlation } = alike[0] as Observation;
        const points = SHARES.map((share): SharePoint => {
          const recalls = alike.map(({ foundBehind }) => {
            const hits = foundBehind.slice(0, first);
            return hits.filter((before) => before < share).length / Math.max(1, hits.length);
          });
          return { share, ...measuredRecall(recalls) };
        });
        return { selectivity, correlation, first, queries: alike.length, points };
      }),
  );

type Patient = { id: number; slideIds: number[]; rows: number };

const readPatients = async (database: Database, indexId: number): Promise<Patient[]> => {
  const { rows } = await database.query<Patient>(
    `SELECT slide.patient_id AS id, array_agg(slide.id) AS "slideIds", sum(made.vectors)::int8 AS rows
     FROM search_index_slide AS made JOIN slide ON slide.id = made.slide_id
     WHERE made.search_index_id = $1 GROUP BY slide.patient_id ORDER BY slide.patient_id`,
    [indexId],
  );
  return rows;
};

const sum = (values: ArrayLike<number>, of: (value: number, index: number) => number = (value) => value): number => {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += of(values[index] as number, index);
  return total;
};

/** So much of the set is a query's neighbourhood when patients are chosen by what they have in it. */
const NEIGHBOURHOOD = 0.05;

/** Patients that together have about so many of the rows: any, or those with the most or the fewest near the query. */
const choosePatients = (
  patients: readonly Patient[],
  map: CellMap,
  nearest: readonly number[],
  { selectivity, correlation }: { selectivity: number; correlation: Correlation },
  random: () => number,
): Patient[] => {
  const near = new Float64Array(map.sizes.length);
  for (let read = 0, index = 0; index < nearest.length && read < NEIGHBOURHOOD * map.rows; index++) {
    const cell = nearest[index] as number;
    near[cell] = 1;
    read += map.sizes[cell] as number;
  }
  const sign = { none: 0, anti: -1, positive: 1 }[correlation];
  const scored = patients.map((patient) => {
    const share =
      sign === 0
        ? 0
        : sum(matchesByCell(map, patient.slideIds), (rows, cell) => rows * (near[cell] as number)) / patient.rows;
    return { patient, score: sign * share + (sign === 0 ? 1 : 1e-3) * random() };
  });
  scored.sort((a, b) => b.score - a.score);
  const chosen: Patient[] = [];
  for (let rows = 0, index = 0; index < scored.length && rows < selectivity * map.rows; index++) {
    const { patient } = scored[index] as { patient: Patient };
    chosen.push(patient);
    rows += patient.rows;
  }
  return chosen;
};

/** A generator of its own (mulberry32, T. Ettinger), so that a calibration can be repeated. */
const seededRandom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

const readOrder = async (database: Database, indexId: number, featureSetId: number, patchId: number) => {
  const parameters = createParameters();
  const { rows } = await database.query<{ cells: number[]; distance: number }>(
    `SELECT array_agg(cell ORDER BY distance, cell) AS cells, min(distance) AS distance FROM (
       SELECT cell, v <=> ${querySql(featureSetId, { patchId }, parameters)} AS distance
       FROM features.search_centroid WHERE search_index_id = ${parameters.add(indexId, "int")}) AS middle`,
    parameters.values,
  );
  return rows[0] as { cells: number[]; distance: number };
};

/** Cells of the true nearest among the copied rows, nearest first. */
const readTrueCells = async (
  database: Database,
  indexId: number,
  featureSetId: number,
  patchId: number,
  filter: VectorFilter,
): Promise<number[]> => {
  const parameters = createParameters();
  const { rows } = await database.query<{ cell: number }>(
    `SELECT cell, (one.v <=> ${querySql(featureSetId, { patchId }, parameters)}) + 0 AS distance
     FROM ${cellTable(indexId)} AS one WHERE ${filterSql(filter, parameters, "one")}
     ORDER BY distance, one.patch_id LIMIT ${DEEPEST}`,
    parameters.values,
  );
  return rows.map(({ cell }) => cell);
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const millisecondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const took: number[] = [];
  for (let repeat = 0; repeat < 7; repeat++) {
    const began = performance.now();
    await work();
    took.push(performance.now() - began);
  }
  return median(took);
};

/** Nanoseconds that a row costs, with the fixed part of a statement taken off. */
const measureRows = async (
  database: Database,
  index: { id: number; featureSetId: number; map: CellMap },
  patchId: number,
  nearest: readonly number[],
) => {
  const request = { featureSetId: index.featureSetId, query: { patchId }, first: 10 };
  let rows = 0;
  const cells = nearest.filter((cell) => {
    const isWanted = rows < 0.1 * index.map.rows;
    if (isWanted) rows += index.map.sizes[cell] as number;
    return isWanted;
  });
  const scan = { indexId: index.id, staleSlideIds: [], uncoveredSlideIds: [] };
  const begin = await millisecondsOf(() => searchCells(database, { ...request, filter: {} }, { ...scan, cells: [] }));
  const compared = await millisecondsOf(() => searchCells(database, { ...request, filter: {} }, { ...scan, cells }));
  const nobody = { patientIds: [-1] };
  const refused = await millisecondsOf(() => searchCells(database, { ...request, filter: nobody }, { ...scan, cells }));
  const exact = await millisecondsOf(() => searchExact(database, { ...request, filter: {} }));
  const perRow = (milliseconds: number, number: number) =>
    Math.max(1, ((milliseconds - begin) * 1e6) / Math.max(1, number));
  return {
    nanosecondsPerRow: perRow(exact, index.map.rows),
    nanosecondsPerCopiedRow: perRow(compared, rows),
    nanosecondsPerRefusedRow: perRow(refused, rows),
  };
};

/**
 * How much of the cells a search has to read, measured: sampled patches of the set, their own patient left out, among all
 * patients and among groups that lie anyhow, near the query and far from it, each against the exact search.
 */
export const calibrateCells = async (
  database: Database,
  indexId: number,
  featureSetId: number,
  onProgress: (share: number) => Promise<void>,
): Promise<CellCalibration> => {
  const map = await readCellMap(database, indexId);
  const patients = await readPatients(database, indexId);
  const queries = await samplePatches(database, featureSetId, QUERIES, map.rows);
  const random = seededRandom(1);
  const observations: Observation[] = [];
  const distances: number[] = [];
  let last: { patchId: number; nearest: number[] } | undefined;
  for (const [number, { patchId, patientId }] of queries.entries()) {
    const order = await readOrder(database, indexId, featureSetId, patchId);
    distances.push(order.distance);
    last = { patchId, nearest: order.cells };
    const others = patients.filter(({ id }) => id !== patientId);
    const observe = async (chosen: readonly Patient[], filter: VectorFilter) => {
      const matches = matchesByCell(
        map,
        chosen.flatMap(({ slideIds }) => slideIds),
      );
      const probe = probeCells(map, order.cells, matches);
      if (!probe.searchClass) return;
      const except = { exceptPatientId: patientId, exceptPatchId: patchId };
      const cells = await readTrueCells(database, indexId, featureSetId, patchId, { ...filter, ...except });
      observations.push({ ...probe.searchClass, foundBehind: sharesBefore(probe, cells) });
    };
    await observe(others, {});
    for (let turn = 0; turn < 3; turn++) {
      const filter = FILTERS[(number * 3 + turn) % FILTERS.length] as (typeof FILTERS)[number];
      const chosen = choosePatients(others, map, order.cells, filter, random);
      await observe(chosen, { patientIds: chosen.map(({ id }) => id) });
    }
    if (number % 10 === 9) await onProgress((number + 1) / queries.length);
  }
  if (!last) throw new Error("A CLUSTERED index of no vectors was to be measured.");
  distances.sort((a, b) => a - b);
  return {
    queries: queries.length,
    ...(await measureRows(database, { id: indexId, featureSetId, map }, last.patchId, last.nearest)),
    furthestQuery: distances[Math.floor(distances.length * 0.995)] as number,
    classes: classRecalls(observations),
  };
};
