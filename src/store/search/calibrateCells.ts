import { seededUniform } from "../../platform/random.ts";
import type { Database, Queryable } from "../database.ts";
import { samplePatches } from "./building.ts";
import {
  type CellCalibration,
  DEFAULT_RECALL,
  MEASURED_FIRST,
  measuredRecall,
  type ReachPoint,
} from "./calibration.ts";
import { type CellMap, matchesByCell, reachOf } from "./cells.ts";
import { searchClustered } from "./clustered.ts";
import { createParameters, filterSql, querySql } from "./conditions.ts";
import { searchExact } from "./exact.ts";
import { readCellInputs } from "./inputs.ts";
import { readCellMap } from "./knowledge.ts";
import { ALWAYS_EXACT } from "./plan.ts";
import { cellTable, searchCells } from "./scans.ts";
import type { VectorFilter } from "./types.ts";

/** Reaches at which recall is told. */
const REACHES = Array.from({ length: 91 }, (_, index) => -0.5 + 0.05 * index);

const QUERIES = 300;
const DEEPEST = 100;

/** A filter is tried for each of these; each query takes three of them in turn. */
const FILTERS = [
  { selectivity: 0.5, correlation: "none" },
  { selectivity: 0.12, correlation: "anti" },
  { selectivity: 0.5, correlation: "positive" },
  { selectivity: 0.12, correlation: "none" },
  { selectivity: 0.5, correlation: "anti" },
  { selectivity: 0.03, correlation: "positive" },
  { selectivity: 0.03, correlation: "none" },
  { selectivity: 0.03, correlation: "anti" },
  { selectivity: 0.12, correlation: "positive" },
] as const;

type Correlation = (typeof FILTERS)[number]["correlation"];

/** What one exact search says: how far the cells of its true hits had to reach to be read, for each number of hits. */
export type Observation = {
  /** How the filter was chosen; recall is told for each kind apart, and the lowest counts. */
  kind: Correlation | "all";
  neededReach: readonly (readonly number[])[];
};

type TrueHit = { cell: number; distance: number };

/** @param hits the true nearest, nearest first; @param near distances of the cells' middles to the query */
export const observe = (
  kind: Observation["kind"],
  hits: readonly TrueHit[],
  near: ReadonlyMap<number, number>,
  spreads: Float64Array,
): Observation => ({
  kind,
  neededReach: MEASURED_FIRST.map((first) => {
    const wanted = hits.slice(0, first);
    const furthest = wanted.at(-1)?.distance ?? 0;
    return wanted.map(({ cell }) => reachOf(near.get(cell) ?? 2, furthest, spreads[cell] as number));
  }),
});

/** The lowest recall of all kinds of searches at each reach, for each number of hits by rising reach. */
export const recallByReach = (observations: readonly Observation[]): ReachPoint[] => {
  const kinds = [...Map.groupBy(observations, ({ kind }) => kind).values()];
  return MEASURED_FIRST.flatMap((first, place) =>
    REACHES.map((reach) => {
      const measured = kinds.map((alike) =>
        measuredRecall(
          alike.flatMap(({ neededReach }) => {
            const needed = neededReach[place] as readonly number[];
            return needed.length === 0 ? [] : [needed.filter((value) => value <= reach).length / needed.length];
          }),
        ),
      );
      return {
        first,
        reach,
        recall: Math.min(...measured.map(({ recall }) => recall)),
        lowerLimit: Math.min(...measured.map(({ lowerLimit }) => lowerLimit)),
      };
    }),
  );
};

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
  // Of fewer rows than this a search never asks the cells.
  const wanted = Math.max(selectivity * map.rows, ALWAYS_EXACT);
  for (let rows = 0, index = 0; index < scored.length && rows < wanted; index++) {
    const { patient } = scored[index] as { patient: Patient };
    chosen.push(patient);
    rows += patient.rows;
  }
  return chosen;
};

/** Cells and distances of the true nearest among the copied rows, nearest first. */
const readTrueHits = async (client: Queryable, index: Measured, patchId: number, filter: VectorFilter) => {
  const parameters = createParameters();
  const { rows } = await client.query<TrueHit>(
    `SELECT cell, (one.v <=> ${querySql(index.featureSetId, { patchId }, parameters)}) + 0 AS distance
     FROM ${cellTable(index.id)} AS one WHERE ${filterSql(filter, parameters, "one")}
     ORDER BY distance, one.patch_id LIMIT ${DEEPEST}`,
    parameters.values,
  );
  return rows;
};

const REPEATS = 9;

/** The shortest of several times: what else runs on the machine only adds. */
const millisecondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  let shortest = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const began = performance.now();
    await work();
    shortest = Math.min(shortest, performance.now() - began);
  }
  return shortest;
};

type Measured = { id: number; featureSetId: number; map: CellMap };

/** Nanoseconds that a row costs, with the fixed part of a statement taken off. */
const measureRows = async (database: Database, index: Measured, patchId: number, nearest: readonly number[]) => {
  const request = { featureSetId: index.featureSetId, query: { patchId }, first: 10 };
  let rows = 0;
  const cells = nearest.filter((cell) => {
    const isWanted = rows < 0.1 * index.map.rows;
    if (isWanted) rows += index.map.sizes[cell] ?? 0;
    return isWanted;
  });
  const scan = { indexId: index.id, staleSlideIds: [], uncoveredSlideIds: [] };
  const read = (filter: VectorFilter, some: readonly number[]) =>
    millisecondsOf(() => searchCells(database, { ...request, filter }, { ...scan, cells: some }));
  const begin = await read({}, []);
  const compared = await read({}, cells);
  const refused = await read({ patientIds: [-1] }, cells);
  const exact = await millisecondsOf(() => searchExact(database, { ...request, filter: {} }));
  const perRow = (milliseconds: number, number: number) =>
    Math.max(1, ((milliseconds - begin) * 1e6) / Math.max(1, number));
  return {
    nanosecondsPerRow: perRow(exact, index.map.rows),
    nanosecondsPerCopiedRow: perRow(compared, rows),
    nanosecondsPerRefusedRow: perRow(refused, rows),
  };
};

const TIMED_QUERIES = 30;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Median time of the search that is asked most, as it would be answered from the cells. */
const measureDefault = async (
  database: Database,
  index: Measured & { calibration: Parameters<typeof searchClustered>[2]["calibration"] },
  queries: readonly { patchId: number; patientId: number }[],
  reach: number,
): Promise<number> => {
  const took: number[] = [];
  for (const { patchId, patientId } of queries.slice(0, TIMED_QUERIES)) {
    const filter = { exceptPatchId: patchId, exceptPatientId: patientId };
    const request = {
      featureSetId: index.featureSetId,
      query: { patchId },
      filter,
      first: 10,
      minRecall: DEFAULT_RECALL,
    };
    const began = performance.now();
    const near = await readCellInputs(database, request, index.id);
    await searchClustered(database, request, index, near, { reach, exactMilliseconds: Number.POSITIVE_INFINITY });
    took.push(performance.now() - began);
  }
  return median(took);
};

/**
 * How far cells reach towards a query, measured: sampled patches of the set, their own patient left out, among all patients
 * and among groups that lie anyhow, near the query and far from it, each against the exact search.
 */
export const calibrateCells = async (
  database: Database,
  id: number,
  featureSetId: number,
  onProgress: (share: number) => Promise<void>,
): Promise<CellCalibration> => {
  const map = await readCellMap(database, id);
  const index = { id, featureSetId, map };
  const patients = await readPatients(database, id);
  const queries = await samplePatches(database, featureSetId, QUERIES, map.rows);
  const random = seededUniform(1);
  const observations: Observation[] = [];
  const distances: number[] = [];
  let nearest: readonly number[] = [];
  for (const [number, { patchId, patientId }] of queries.entries()) {
    const request = { featureSetId, query: { patchId }, filter: {}, first: DEEPEST, minRecall: 1 };
    const near = await readCellInputs(database, request, id);
    nearest = near.cells;
    distances.push(near.distances[0] ?? 2);
    const distanceOf = new Map(near.cells.map((cell, place) => [cell, near.distances[place] as number]));
    const others = patients.filter((patient) => patient.id !== patientId);
    const except = { exceptPatientId: patientId, exceptPatchId: patchId };
    const add = async (kind: Observation["kind"], filter: VectorFilter) => {
      const hits = await readTrueHits(database, index, patchId, { ...filter, ...except });
      observations.push(observe(kind, hits, distanceOf, map.spreads));
    };
    await add("all", {});
    for (let turn = 0; turn < 3; turn++) {
      const filter = FILTERS[(number * 3 + turn) % FILTERS.length] as (typeof FILTERS)[number];
      const chosen = choosePatients(others, map, near.cells, filter, random);
      await add(filter.correlation, { patientIds: chosen.map((patient) => patient.id) });
    }
    if (number % 10 === 9) await onProgress((number + 1) / queries.length);
  }
  const [first] = queries;
  if (!first) throw new Error("A CLUSTERED index of no vectors was to be measured.");
  const points = recallByReach(observations);
  const constants = await measureRows(database, index, first.patchId, nearest);
  const reach = (points.find(({ lowerLimit }) => lowerLimit >= DEFAULT_RECALL) ?? (points.at(-1) as ReachPoint)).reach;
  distances.sort((a, b) => a - b);
  return {
    queries: queries.length,
    searches: observations.length,
    ...constants,
    milliseconds: await measureDefault(database, { ...index, calibration: constants }, queries, reach),
    furthestQuery: distances[Math.floor(distances.length * 0.995)] as number,
    points,
  };
};
