import type { SurvivalAnalysisResolvers } from "../../types.generated.ts";
import { unwrap } from "../survival.service.ts";

export const SurvivalAnalysis: SurvivalAnalysisResolvers = {
  cox: ({ cox }) => unwrap(cox),
  logRank: ({ logRank }) => unwrap(logRank),
};
