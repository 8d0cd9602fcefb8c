import { HistoError } from "../../platform/errors.ts";
import type { Patient } from "../../store/generated/client.ts";
import { nearestNames } from "../base/attributes.ts";
import type { GraphQLContext } from "../context.ts";

export type Survival = { timeDays: number; event: boolean };

/**
 * A patient's time to an endpoint; null when it is not known of him.
 * @throws HistoError COLUMN_UNKNOWN when the study has no such endpoint
 */
export const readSurvival = async (
  { loaders }: GraphQLContext,
  patient: Patient,
  endpoint: string,
): Promise<Survival | null> => {
  const known = patient.survival as Record<string, [number, boolean]>;
  const value = Object.hasOwn(known, endpoint) ? known[endpoint] : undefined;
  if (value) return { timeDays: value[0], event: value[1] };
  const names = (await loaders.studyEndpoints.load(patient.studyId)).map(({ key }) => key);
  if (names.includes(endpoint)) return null;
  const nearest = nearestNames(endpoint, names).map((name) => `"${name}"`);
  throw new HistoError("COLUMN_UNKNOWN", `The study has no endpoint "${endpoint.slice(0, 100)}".`, {
    fix: nearest.length > 0 ? `It has ${nearest.join(", ")}.` : "Import one with importClinical: endpoints.",
    path: ["endpoint"],
  });
};
