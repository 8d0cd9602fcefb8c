import { HistoError } from "../platform/errors.ts";
import { type Engine, forTransfer, openEngine } from "./engine.ts";
import type { Rows } from "./rowSource.ts";
import type { Assigner, Centroids, EngineChoice } from "./types.ts";

/**
 * Opens centroids for assigning rows, without refitting them. DIMENSION_MISMATCH when the centroids or rows are not
 * [·, dims]; NOT_FINITE and BAD_ARGUMENT (a row of zeros under "cosine") name the row in `path`, counted from 0.
 */
export const openAssigner = async (centroids: Centroids, choice: EngineChoice = {}): Promise<Assigner> => {
  checkCentroids(centroids);
  const given = choice.engine;
  const engine = given ?? (await openEngine(choice));
  const assigner = await openAssignerOn(engine, centroids);
  return {
    ...assigner,
    assign: (rows) => assigner.assign(rows),
    close: async () => {
      await assigner.close();
      if (!given) await engine.close();
    },
  };
};

/** As `openAssigner`, on an engine that stays open; `firstRow` numbers the rows of a batch in messages. */
export const openAssignerOn = async (engine: Engine, centroids: Centroids) => {
  const handle = engine.newHandle();
  await engine.call("openCentroids", { handle, centroids });
  const { clusters, dims } = centroids;
  const notEmpty = centroids.isEmpty.filter((empty) => !empty).length;
  const batch = (rows: Rows) => {
    checkDims(rows, dims);
    return forTransfer(rows);
  };
  return {
    centroids,
    provider: engine.provider,
    assign: async (given: Rows, firstRow = 0) => {
      const { rows, transfer } = batch(given);
      return engine.call("assign", { handle, rows, firstRow }, transfer);
    },
    distances: async (given: Rows) => {
      const { rows, transfer } = batch(given);
      return engine.call("distances", { handle, rows, firstRow: 0 }, transfer);
    },
    nearest: async (given: Rows, wanted: number) => {
      if (!(Number.isInteger(wanted) && wanted >= 1)) {
        throw new HistoError("BAD_ARGUMENT", `${wanted} is no number of clusters.`, {
          fix: `Ask for 1 to ${clusters}.`,
          path: ["count"],
        });
      }
      const count = Math.min(wanted, notEmpty);
      const { rows, transfer } = batch(given);
      return { count, ...(await engine.call("nearest", { handle, count, rows, firstRow: 0 }, transfer)) };
    },
    close: async () => {
      await engine.call("release", { handle });
    },
  };
};

export const checkDims = (rows: Rows, dims: number): void => {
  if (rows.length === 0 || rows.length % dims !== 0) {
    throw new HistoError("DIMENSION_MISMATCH", `${rows.length} numbers are no rows of ${dims} dimensions.`, {
      fix: "Give at least one row, each with as many numbers as a centroid.",
      path: ["rows"],
    });
  }
};

const checkCentroids = ({ values, clusters, dims, isEmpty }: Centroids): void => {
  if (values.length !== clusters * dims || isEmpty.length !== clusters || isEmpty.every((empty) => empty)) {
    throw new HistoError(
      "DIMENSION_MISMATCH",
      `Centroids of ${clusters} clusters and ${dims} dimensions need ${clusters * dims} numbers, of ${clusters} clusters that are not all empty; there are ${values.length}.`,
      { fix: "Give the centroids as the training gave them.", path: ["centroids"] },
    );
  }
};
