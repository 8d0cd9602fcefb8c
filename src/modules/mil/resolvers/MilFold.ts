import type { MilFoldResolvers } from "../../types.generated.ts";
import type { Metric } from "../mil.evaluation.ts";

type Epoch = { index: number; trainLoss: number; validationLoss: number; metrics: Metric[] };

export const MilFold: MilFoldResolvers = {
  epochs: ({ epochs }) => epochs as Epoch[],
  metrics: ({ metrics }) => metrics as Metric[],
};
