import type { Cohort } from "../../store/generated/client.ts";

export type CohortMapper = Cohort;
