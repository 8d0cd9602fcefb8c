import type { Cohort } from "../../store/generated/client.ts";
import type { CohortComparison } from "./cohort.service.ts";

export type CohortMapper = Cohort;
export type CohortComparisonMapper = CohortComparison;
