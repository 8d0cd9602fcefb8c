import type { Database } from "../database.ts";
import { samplePatches } from "./building.ts";
import {
  defaultRecall,
  type GraphCalibration,
  type GraphSetting,
  MEASURED_FIRST,
  measuredRecall,
} from "./calibration.ts";
import { searchExact } from "./exact.ts";
import { type GraphScan, searchGraph } from "./scans.ts";
import type { VectorFilter, VectorHit } from "./types.ts";

const QUERIES = 300;
const DEEPEST = 100;

/** hnsw.ef_search is at most 1000. */
const SETTINGS = [40, 80, 160, 320, 640, 1000] as const;

/** A wider search than one that finds this much is not tried. */
const ENOUGH = 0.993;

/** Distances that differ by less are ties: either row is a right answer. */
const TIE = 1e-6;

const recallOf = (truth: readonly VectorHit[], found: readonly VectorHit[], first: number): number => {
  const wanted = Math.min(first, truth.length);
  if (wanted === 0) return 1;
  const furthest = (truth[wanted - 1] as VectorHit).distance + TIE;
  return Math.min(wanted, found.filter(({ distance }) => distance <= furthest).length) / wanted;
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

export type MeasuredGraph = {
  featureSetId: number;
  dims: number;
  vectors: number;
  kind: GraphScan["kind"];
  /** Of a PARTIAL index, ascending. */
  patientIds: readonly number[] | null;
};

/**
 * Recall and time of an HNSW index at rising ef_search, against exact searches for sampled patches of the set, with and
 * without the query's own patient.
 */
export const calibrateGraph = async (
  database: Database,
  graph: MeasuredGraph,
  onProgress: (share: number) => Promise<void>,
): Promise<GraphCalibration> => {
  const { featureSetId, dims, kind, patientIds } = graph;
  const queries = await samplePatches(database, featureSetId, QUERIES, graph.vectors);
  const among: VectorFilter = patientIds ? { patientIds } : {};
  const settings: GraphSetting[] = [];
  const exactly: number[] = [];
  let steps = 0;
  for (const withoutPatient of [true, false]) {
    const asked: { patchId: number; filter: VectorFilter; truth: VectorHit[] }[] = [];
    for (const { patchId, patientId } of queries) {
      const filter = { ...among, exceptPatchId: patchId, ...(withoutPatient && { exceptPatientId: patientId }) };
      const began = performance.now();
      const truth = await searchExact(database, { featureSetId, query: { patchId }, filter, first: DEEPEST });
      exactly.push(performance.now() - began);
      asked.push({ patchId, filter, truth });
      steps += 1;
      if (steps % 10 === 0) await onProgress((steps / (2 * queries.length)) * 0.7);
    }
    for (const first of MEASURED_FIRST) {
      for (const efSearch of SETTINGS.filter((setting) => setting >= first / 2)) {
        const recalls: number[] = [];
        const took: number[] = [];
        for (const { patchId, filter, truth } of asked) {
          const began = performance.now();
          const found = await searchGraph(
            database,
            { featureSetId, query: { patchId }, filter, first },
            { efSearch, dims, kind },
          );
          took.push(performance.now() - began);
          recalls.push(recallOf(truth, found, first));
        }
        const measured = measuredRecall(recalls);
        settings.push({ first, withoutPatient, efSearch, milliseconds: median(took), ...measured });
        await onProgress((steps / (2 * queries.length)) * 0.7);
        if (measured.lowerLimit >= ENOUGH) break;
      }
      // The search that is asked most decides whether the index is kept.
      const soFar = { queries: queries.length, nanosecondsPerRow: 0, settings };
      if (defaultRecall(soFar) === null) return soFar;
    }
  }
  return { queries: queries.length, nanosecondsPerRow: (median(exactly) * 1e6) / Math.max(1, graph.vectors), settings };
};
