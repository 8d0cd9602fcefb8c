import { type Engine, openEngine, openProjector, type Projector } from "../../learning/index.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import type { App } from "../context.ts";
import { unpackComponents } from "../phenotype/principalComponents.ts";

/** What a reduced feature set is asked to be; with the preprocessing of its source, the column `preprocessing`. */
export type Reduction = {
  /** Digest of the feature set that is reduced. */
  reducedFrom: string;
  /** Key of the feature set that is reduced. */
  source: string;
  components: number;
  whiten: boolean;
  seed: number;
  /** Patches that the components are fitted to; null for all. */
  sample: number | null;
};

/** What the components turned out to be. */
export type Fit = {
  /** Digest of the artefact that holds them. */
  projection: string;
  /** [components], greatest first. */
  explainedVarianceRatio: number[];
  /** Patches that they were fitted to, and the digest of the slides these were drawn from. */
  fittedPatches: number;
  fittedTo: string;
};

/** How a feature set was reduced, or null when an encoder made its vectors. */
export const reductionOf = ({
  preprocessing,
}: Pick<FeatureSet, "preprocessing">): (Reduction & Partial<Fit>) | null => {
  const found = preprocessing as Partial<Reduction> | null;
  return found?.reducedFrom === undefined ? null : (found as Reduction & Partial<Fit>);
};

/** Of a reduced feature set, before its components are known and after. */
export const reducedDigest = (
  { reducedFrom, components, whiten, seed, sample }: Reduction,
  projection: string | null,
): string => digestOf({ reducedFrom, components, whiten, seed, sample, projection, level: "PATCH" });

/** Opens components out of the artefact store; rows [rows, dims of the source] become [rows, components]. */
export const openReduction = async (
  app: App,
  { components, whiten }: Pick<Reduction, "components" | "whiten">,
  projection: string,
  engine: Engine,
): Promise<Projector> => {
  const bytes = await app.artefacts.get(projection);
  // As packed: mean, directions, variances.
  const dims = (bytes.byteLength / 8 - components) / (components + 1);
  return openProjector(unpackComponents(bytes, dims, components, whiten), { engine });
};

/**
 * An encoder's vector [dims of the source] as a feature set holds it: reduced where that is.
 * @throws HistoError CONFLICT while there are no components yet
 */
export const projectVector = async (
  app: App,
  featureSet: FeatureSet,
  vector: Float32Array | Uint16Array,
): Promise<Float32Array | Uint16Array> => {
  const reduction = reductionOf(featureSet);
  if (!reduction) return vector;
  if (!reduction.projection) {
    throw new HistoError("CONFLICT", `Feature set "${featureSet.key}" has no components yet.`, {
      fix: "Wait for the job of reduceFeatureSet, or ask for it again when it has failed.",
      path: ["featureSet"],
    });
  }
  const engine = await openEngine({ providers: app.config.providers });
  try {
    const projector = await openReduction(app, reduction, reduction.projection, engine);
    return await projector.project(vector);
  } finally {
    await engine.close();
  }
};
