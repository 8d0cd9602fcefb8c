import { HistoError } from "../../platform/errors.ts";
import type { ClinicalColumn } from "../../store/exportSlides.ts";
import type { FeatureSet, MilScore, Study } from "../../store/generated/client.ts";
import type { VectorFilter } from "../../store/search/index.ts";
import { requireAttribute } from "../base/attributes.ts";
import type { GraphQLContext } from "../context.ts";
import { requireMilScore } from "../mil/mil.service.ts";
import { requireCodebook } from "../phenotype/phenotype.service.ts";
import type { CodebookMapper } from "../phenotype/schema.mappers.ts";

/** What an export's input came to when it was authorised; the column `selection` of its row. */
export type Selection = {
  /** Conditions on single patches. */
  filter: Pick<VectorFilter, "patchIds" | "phenotypes" | "measurements">;
  clinical: SelectedColumn[];
  codebook: { buildId: number; codebookId: number } | null;
  scoreId: number | null;
  /** `versionOf` its slides. */
  version: string;
  /** How the vectors were made, and what was asked for: the metadata of the file. */
  metadata: Record<string, unknown>;
};

export type SelectedColumn = ClinicalColumn & {
  /** In the file. */
  name: string;
  type: "NUMBER" | "CATEGORY" | "BOOLEAN" | "TEXT";
};

/** What a file's columns are called that are no clinical ones, in lower case: DuckDB and SQL tell no cases apart. */
const RESERVED = new Set([
  "patch",
  "slide",
  "patient",
  "x",
  "y",
  "size",
  "micronsperpixel",
  "phenotype",
  "attention",
  "vector",
]);

/** Names of clinical columns, all different and none of them reserved: `size` stands as `clinical.size`. */
export const columnNames = (keys: readonly string[]): string[] => {
  const taken = new Set(keys.filter((key) => !RESERVED.has(key.toLowerCase())));
  return keys.map((key) => {
    if (taken.has(key)) return key;
    let name = `clinical.${key}`;
    while (taken.has(name)) name = `clinical.${name}`;
    taken.add(name);
    return name;
  });
};

/** @throws HistoError COLUMN_UNKNOWN, BAD_ARGUMENT for one that is named twice */
export const resolveColumns = async (
  { loaders }: GraphQLContext,
  study: Study,
  keys: readonly string[],
): Promise<SelectedColumn[]> => {
  if (keys.length === 0) return [];
  const dictionary = await loaders.dictionary.load(study.id);
  const names = columnNames(keys);
  return keys.map((asked, index) => {
    const path = ["columns", String(index)];
    const { key, level, type } = requireAttribute(dictionary, asked, undefined, path, study.key);
    if (keys.indexOf(asked) < index) {
      throw new HistoError("BAD_ARGUMENT", `Column "${key}" is named twice.`, { fix: "Name it once.", path });
    }
    return { key, level, type, name: names[index] ?? key };
  });
};

const requireSameSet = (featureSet: FeatureSet, otherId: number, what: string, path: readonly string[]): void => {
  if (otherId === featureSet.id) return;
  throw new HistoError("BAD_ARGUMENT", `The ${what} is of another feature set than the vectors.`, {
    fix: `Take a ${what} of feature set "${featureSet.key}".`,
    path,
  });
};

/** @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT */
export const resolveCodebook = async (
  context: GraphQLContext,
  featureSet: FeatureSet,
  id: string | null | undefined,
): Promise<CodebookMapper | null> => {
  if (id == null) return null;
  const codebook = await requireCodebook(context, id);
  requireSameSet(featureSet, codebook.build.featureSetId, "codebook", ["codebook"]);
  return codebook;
};

/** @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT */
export const resolveScore = async (
  context: GraphQLContext,
  featureSet: FeatureSet,
  id: string | null | undefined,
): Promise<MilScore | null> => {
  if (id == null) return null;
  const score = await requireMilScore(context, id);
  const model = await context.loaders.milModel.load(score.modelId);
  requireSameSet(featureSet, model.featureSetId, "score", ["score"]);
  if (score.attentionDigest !== null) return score;
  throw new HistoError("BAD_ARGUMENT", "The head gives no attention.", {
    fix: "Leave `score` out, or take a score of a model with attention.",
    path: ["score"],
  });
};
