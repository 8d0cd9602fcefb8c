import { openAssigner, openEngine, rowsInMemory, trainCentroids } from "../../learning/index.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import {
  beginIndex,
  calibrateCells,
  calibrateGraph,
  countIndexable,
  createCells,
  createGraph,
  defaultRecall,
  deleteIndex,
  fillCells,
  finishIndex,
  type IndexPlace,
  MAX_INDEXED_DIMS,
  readAllVectors,
  readCohortPatients,
  readGraphProgress,
  readReadyIndex,
  readVectorRows,
  samplePatches,
  stageCells,
} from "../../store/search/indexes.ts";
import type { App } from "../context.ts";

/** Tells how far a part of the work has come, 0 to 1, and what it is. */
export type Progress = (share: number, message: string) => Promise<void>;

type Build = { app: App; featureSet: FeatureSet; signal: AbortSignal };

/** Cells of about √n vectors: a search then reads about as many middles as rows of one cell. */
const cellsFor = (vectors: number): number => Math.max(16, Math.min(4096, Math.round(Math.sqrt(vectors))));

const TRAINING_ROWS_PER_CELL = 64;
const LEAST_TRAINING_ROWS = 20_000;

const buildCells = async ({ app, featureSet, signal }: Build, vectors: number, progress: Progress): Promise<number> => {
  const { database } = app;
  const { id: featureSetId, dims } = featureSet;
  const cells = cellsFor(vectors);
  await progress(0, "Reading a sample of the vectors");
  const wanted = Math.max(LEAST_TRAINING_ROWS, cells * TRAINING_ROWS_PER_CELL);
  const sample = await samplePatches(database, featureSetId, wanted, vectors);
  const patchIds = sample.map(({ patchId }) => patchId);
  const rows = await readVectorRows(database, featureSetId, dims, patchIds);
  await progress(0.05, "Finding the cells");
  const engine = await openEngine();
  try {
    const trained = await trainCentroids(rowsInMemory(rows, dims), {
      clusters: cells,
      sampleRows: rows.length / dims,
      iterations: 12,
      restarts: 1,
      tooFewRows: "leave-empty",
      signal,
      engine,
    });
    const { centroids } = trained;
    const used = centroids.isEmpty.flatMap((isEmpty, cell) => (isEmpty ? [] : [cell]));
    const values = new Float32Array(used.length * dims);
    for (const [place, cell] of used.entries())
      values.set(centroids.values.subarray(cell * dims, (cell + 1) * dims), place * dims);
    const id = await database.transaction((client) =>
      beginIndex(client, { featureSetId, kind: "CLUSTERED", cohortId: null }),
    );
    await createCells(database, id, featureSetId, { cells: used, dims, values });
    const assigner = await openAssigner(centroids, { engine });
    let done = 0;
    for await (const batch of readAllVectors(database, featureSetId, dims)) {
      signal.throwIfAborted();
      const { assignments } = await assigner.assign(batch.halves);
      await stageCells(database, id, batch.patchIds, assignments);
      done += batch.patchIds.length;
      await progress(0.2 + 0.3 * Math.min(1, done / vectors), "Putting vectors into cells");
    }
    await assigner.close();
    await progress(0.5, "Copying the vectors in the order of their cells");
    await fillCells(database, id, featureSetId);
    return id;
  } finally {
    await engine.close();
  }
};

/** Its cohort was changed or deleted while an index over it was built; nothing is left of it, and nothing is wrong. */
const isGone = async (app: App, id: number, finished: boolean): Promise<void> => {
  if (!finished) app.log.info({ searchIndex: id }, "index of a cohort that has changed meanwhile");
};

/** The CLUSTERED index of a feature set, anew unless its vectors are still the same. */
export const ensureCells = async (build: Build, progress: Progress): Promise<void> => {
  const { database } = build.app;
  const featureSetId = build.featureSet.id;
  const vectors = await countIndexable(database, featureSetId, null);
  const ready = await readReadyIndex(database, { featureSetId, kind: "CLUSTERED", cohortId: null });
  if (ready?.measuredVectors === vectors || vectors === 0) return;
  const id = await buildCells(build, vectors, progress);
  const calibration = await calibrateCells(database, id, featureSetId, (share) => {
    build.signal.throwIfAborted();
    return progress(0.55 + 0.45 * share, "Measuring recall");
  });
  await database.transaction((client) => finishIndex(client, id, { vectors, calibration }));
};

/** Looks at a running build every so often. */
const whileWatching = async (work: Promise<void>, look: () => Promise<void>): Promise<void> => {
  let failure: unknown;
  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      failure = error;
    });
  }, 1000);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  if (failure) throw failure;
};

/** An HNSW index, over a whole feature set or a frozen cohort in it; kept only where it reaches the recall that is asked by default. */
export const ensureGraph = async (build: Build, cohortId: number | null, progress: Progress): Promise<void> => {
  const { app, featureSet, signal } = build;
  const { database } = app;
  const { id: featureSetId, dims } = featureSet;
  if (database.kind === "embedded" || dims > MAX_INDEXED_DIMS) return;
  const patientIds = cohortId === null ? null : await readCohortPatients(database, cohortId);
  const vectors = await countIndexable(database, featureSetId, patientIds);
  if (vectors === 0) return;
  const place: IndexPlace = { featureSetId, kind: cohortId === null ? "PARTITION" : "PARTIAL", cohortId };
  const ready = await readReadyIndex(database, place);
  if (ready?.measuredVectors === vectors) return;
  const id = ready?.id ?? (await database.transaction((client) => beginIndex(client, place)));
  if (!ready) {
    await whileWatching(createGraph(database, id, featureSetId, { dims, vectors, patientIds }), async () => {
      const share = await readGraphProgress(database, featureSetId);
      if (share !== null) await progress(0.5 * share, "Building the HNSW index");
    });
  }
  const kind = cohortId === null ? "PARTITION_INDEX" : "PARTIAL_INDEX";
  const calibration = await calibrateGraph(database, { featureSetId, dims, vectors, kind, patientIds }, (share) => {
    signal.throwIfAborted();
    return progress(0.5 + 0.5 * share, "Measuring recall");
  });
  if (defaultRecall(calibration) !== null) {
    await isGone(app, id, await database.transaction((client) => finishIndex(client, id, { vectors, calibration })));
  } else {
    await deleteIndex(database, id);
    app.log.info({ featureSet: featureSetId }, "HNSW index does not reach the recall that is asked by default");
  }
};
