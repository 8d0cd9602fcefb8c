import type { Device } from "../onnx/providers.ts";
import { HistoError } from "../platform/errors.ts";
import { checkDims } from "./assigner.ts";
import { forTransfer, openEngine, withEngine } from "./engine.ts";
import { type RowSource, type Rows, rowsChanged } from "./rowSource.ts";
import type { EngineChoice } from "./types.ts";

export type PcaOptions = {
  /** From 1 to the lesser of rows and dimensions. */
  components: number;
  /** Scales each component to variance 1. Default false. */
  whiten?: boolean;
  /** Where the iteration begins. Default 0. */
  seed?: number;
  signal?: AbortSignal;
  onProgress?(rowsDone: number): void;
} & EngineChoice;

export type PrincipalComponents = {
  dims: number;
  components: number;
  whiten: boolean;
  rows: number;
  /** [dims] */
  mean: Float64Array;
  /** Unit vectors, row-major [components, dims]; the entry of greatest magnitude of each is positive. */
  directions: Float64Array;
  /** [components], greatest first: variance along each, over rows − 1. */
  explainedVariance: Float64Array;
  /** [components]: its share of the variance of all dimensions. */
  explainedVarianceRatio: Float64Array;
  provider: Device;
};

/** Coordinates of rows along the components. Rows given to it are transferred (see RowSource). */
export type Projector = {
  components: number;
  provider: Device;
  /** Row-major [rows, components]; NOT_FINITE for a row with NaN or infinity. */
  project(rows: Rows): Promise<Float32Array>;
  close(): Promise<void>;
};

/**
 * Principal components of all rows, read once: their covariance, summed batch by batch in graphs, and its greatest
 * eigenpairs. Memory holds some four [dims, dims] matrices of doubles.
 *
 * BAD_ARGUMENT for components out of range or fewer than two rows; NOT_FINITE for a row with NaN or infinity.
 */
export const pca = async (source: RowSource, options: PcaOptions): Promise<PrincipalComponents> => {
  checkOptions(source, options);
  const { components, whiten = false, seed = 0, signal, onProgress } = options;
  const { dims, rows } = source;
  return withEngine(options, async (engine) => {
    const handle = engine.newHandle();
    await engine.call("openGram", { handle, dims });
    try {
      let rowsDone = 0;
      for await (const batch of source.batches()) {
        signal?.throwIfAborted();
        checkDims(batch, dims);
        const given = forTransfer(batch);
        const firstRow = rowsDone;
        rowsDone += batch.length / dims;
        await engine.call("addGram", { handle, rows: given.rows, firstRow }, given.transfer);
        onProgress?.(rowsDone);
      }
      if (rowsDone !== rows) throw rowsChanged(source);
      const found = await engine.call("decompose", { handle, components, seed });
      const { mean, explainedVariance, totalVariance } = found;
      return {
        dims,
        components,
        whiten,
        rows,
        mean,
        directions: withFixedSigns(found.directions, dims),
        explainedVariance,
        explainedVarianceRatio: explainedVariance.map((variance) => (totalVariance > 0 ? variance / totalVariance : 0)),
        provider: engine.provider,
      };
    } finally {
      await engine.call("release", { handle });
    }
  });
};

/** Opens components for projecting rows onto them; directions without variance give 0 when whitened. */
export const openProjector = async (
  { mean, directions, explainedVariance, components, dims, whiten }: Omit<PrincipalComponents, "provider">,
  choice: EngineChoice = {},
): Promise<Projector> => {
  const engine = choice.engine ?? (await openEngine(choice));
  const handle = engine.newHandle();
  const negligible = 1e-12 * (explainedVariance[0] ?? 0);
  const scale = Float32Array.from(explainedVariance, (variance) => {
    if (!whiten) return 1;
    return variance > negligible ? 1 / Math.sqrt(variance) : 0;
  });
  const projection = { mean: Float32Array.from(mean), directions: Float32Array.from(directions), scale };
  await engine.call("openProjection", { handle, projection });
  return {
    components,
    provider: engine.provider,
    project: async (given) => {
      checkDims(given, dims);
      const { rows, transfer } = forTransfer(given);
      return engine.call("project", { handle, rows, firstRow: 0 }, transfer);
    },
    close: async () => {
      await engine.call("release", { handle });
      if (!choice.engine) await engine.close();
    },
  };
};

/** The rows of a source as a projector gives them: what K-means on principal components reads. */
export const projectedRows = (source: RowSource, projector: Projector): RowSource => {
  const { take } = source;
  return {
    rows: source.rows,
    dims: projector.components,
    async *batches() {
      for await (const batch of source.batches()) yield projector.project(batch);
    },
    ...(take && { take: async (rows: Uint32Array) => projector.project(await take.call(source, rows)) }),
  };
};

const withFixedSigns = (directions: Float64Array, dims: number): Float64Array => {
  const fixed = Float64Array.from(directions);
  for (let from = 0; from < fixed.length; from += dims) {
    const direction = fixed.subarray(from, from + dims);
    const greatest = direction.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    if (greatest < 0)
      fixed.set(
        direction.map((value) => -value),
        from,
      );
  }
  return fixed;
};

const checkOptions = ({ rows, dims }: RowSource, { components, seed = 0 }: PcaOptions): void => {
  const refuse = (what: string, fix: string, path: string): never => {
    throw new HistoError("BAD_ARGUMENT", what, { fix, path: [path] });
  };
  if (rows < 2) refuse(`${rows} rows have no variance.`, "Give at least two rows.", "rows");
  const most = Math.min(rows, dims);
  if (!(Number.isInteger(components) && components >= 1 && components <= most)) {
    refuse(
      `${rows} rows of ${dims} dimensions have no ${components} components.`,
      `Ask for 1 to ${most}.`,
      "components",
    );
  }
  if (!Number.isInteger(seed)) refuse(`${seed} is no seed.`, "Give a whole number.", "seed");
};
