import type { SurvivalEndpoint } from "../../store/generated/client.ts";
import type { SurvivalResult } from "./survival.analysis.ts";

export type SurvivalAnalysisMapper = SurvivalResult & { endpoint: SurvivalEndpoint };
