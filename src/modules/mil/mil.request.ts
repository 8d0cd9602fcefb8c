import type { MilArchitecture } from "../../learning/mil/index.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { Attribute, FeatureSet, Study } from "../../store/generated/client.ts";
import { requireAttribute } from "../base/attributes.ts";
import { resolvePatientFilter, resolveSlideFilter } from "../base/filters.ts";
import type { App } from "../context.ts";
import type { Loaders } from "../loaders.ts";
import { codebookWhere } from "../phenotype/phenotypeMap.ts";
import type { CodebookMapper } from "../phenotype/schema.mappers.ts";
import { requireKey } from "../study/study.service.ts";
import { type Maybe, requireNumbers, type TrainInput } from "./mil.input.ts";
import { readTask } from "./mil.task.ts";

const needsCodebook = (architecture: TrainInput["architecture"]): boolean => architecture === "DEEP_ATTN_MISL";

/** @throws HistoError BAD_ARGUMENT, NOT_FOUND */
const readCodebook = async (
  app: App,
  featureSet: FeatureSet,
  { architecture, codebook }: TrainInput,
): Promise<CodebookMapper | null> => {
  if (!needsCodebook(architecture)) {
    if (codebook == null) return null;
    throw new HistoError("BAD_ARGUMENT", `${architecture} reads no clusters.`, {
      fix: "Leave codebook out, or choose architecture DEEP_ATTN_MISL.",
      path: ["codebook"],
    });
  }
  if (codebook == null) {
    throw new HistoError("BAD_ARGUMENT", "DEEP_ATTN_MISL weighs clusters of patches, and no codebook was named.", {
      fix: "Run buildCodebook(input: {featureSet, scope: PATIENT, clusters: 8}) and pass the id of its codebook.",
      path: ["codebook"],
    });
  }
  const found = await app.prisma.codebook.findFirst({
    where: codebookWhere(requireId("Codebook", codebook, ["codebook"])),
    include: { build: true },
  });
  if (found?.build.featureSetId === featureSet.id) return found;
  throw new HistoError("NOT_FOUND", `Feature set "${featureSet.key}" has no such codebook.`, {
    fix: "`featureSet(studyKey, key) { codebooks { id } }` lists them.",
    path: ["codebook"],
  });
};

const baselineAttributes = (
  dictionary: readonly Attribute[],
  study: Study,
  keys: Maybe<readonly string[]>,
): Attribute[] | null =>
  keys == null
    ? null
    : keys.map((key, index) => {
        const path = ["clinicalBaseline", String(index)];
        const attribute = requireAttribute(dictionary, key, "PATIENT", path, study.key);
        if (attribute.type !== "TEXT") return attribute;
        throw new HistoError("TYPE_MISMATCH", `Attribute ${key} is a TEXT, which makes no covariate.`, {
          fix: "Name numbers, categories and booleans.",
          path,
        });
      });

/** A training as it is asked for, before anybody looks which slides there are. */
export type TrainingRequest = {
  study: Study;
  architecture: MilArchitecture;
  dictionary: readonly Attribute[];
  asked: Awaited<ReturnType<typeof readTask>>;
  codebook: CodebookMapper | null;
  /** Attributes of the clinical baseline; null: those that nearly all patients have. */
  clinicalBaseline: Attribute[] | null;
  /** Which slides make the bags. */
  condition: Condition;
};

/**
 * Checks all of a request that does not depend on the slides that there are.
 * @throws HistoError BAD_ARGUMENT, NOT_FOUND, COLUMN_UNKNOWN, TYPE_MISMATCH
 */
export const readRequest = async (
  { app, loaders }: { app: App; loaders: Loaders },
  featureSet: FeatureSet,
  input: TrainInput,
): Promise<TrainingRequest> => {
  requireKey(input.key, ["key"]);
  requireNumbers(input);
  const { architecture } = input;
  if (architecture === "IMPORTED") {
    throw new HistoError("BAD_ARGUMENT", "IMPORTED is no architecture that can be trained.", {
      fix: "Choose another, or use importMilModel.",
      path: ["architecture"],
    });
  }
  if (featureSet.level !== "PATCH") {
    throw new HistoError("BAD_ARGUMENT", `Feature set "${featureSet.key}" has no vectors of patches.`, {
      fix: "Choose one of level PATCH.",
      path: ["featureSet"],
    });
  }
  const study = await loaders.study.load(featureSet.studyId);
  const dictionary = await loaders.dictionary.load(study.id);
  const asked = await readTask(loaders, study, input.unit, input.task);
  const codebook = await readCodebook(app, featureSet, input);
  const clinicalBaseline = baselineAttributes(dictionary, study, input.clinicalBaseline);
  const condition: Condition = {
    kind: "all",
    of: [
      await resolveSlideFilter({ loaders }, study, input.slides ?? {}, ["slides"]),
      { kind: "patients", of: await resolvePatientFilter({ loaders }, study, input.patients ?? {}, ["patients"]) },
    ],
  };
  return { study, architecture, dictionary, asked, codebook, clinicalBaseline, condition };
};
