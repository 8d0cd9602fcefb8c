import { headUrl } from "../../pictures.ts";
import type { MilModelResolvers } from "../../types.generated.ts";
import type { Metric } from "../mil.evaluation.ts";
import { milModelLineage } from "../mil.lineage.ts";
import { idOfMilModel, listMilScores, taskOf } from "../mil.service.ts";

const TASKS = {
  SURVIVAL: "SurvivalTask",
  CLASSIFICATION: "ClassificationTask",
  REGRESSION: "RegressionTask",
} as const;

export const MilModel: MilModelResolvers = {
  id: (model, _arguments, context) => idOfMilModel(context, model),
  lineage: (model, _arguments, context) => milModelLineage(context, model),
  task: (model) => {
    const task = taskOf(model);
    return { __typename: TASKS[task.kind], ...task } as never;
  },
  featureSet: ({ featureSetId }, _arguments, { loaders }) => loaders.featureSet.load(featureSetId),
  codebook: ({ codebookId }, _arguments, { loaders }) =>
    codebookId === null ? null : loaders.codebook.load(codebookId),
  cohort: ({ cohortId }, _arguments, { loaders }) => (cohortId === null ? null : loaders.cohort.load(cohortId)),
  folds: ({ id }, _arguments, { loaders }) => loaders.milFolds.load(id),
  metrics: ({ metrics }) => metrics as Metric[],
  baselines: ({ baselines }) => baselines as { name: string; metrics: Metric[] }[],
  scores: (model, page, context) => listMilScores(context, model, page),
  onnxUrl: (model, _arguments, context) => headUrl(context, model),
};
