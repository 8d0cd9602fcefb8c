import { isHistoError, UnreachableCaseError } from "../../platform/errors.ts";
import { type DecodedId, decodeId } from "../../platform/ids.ts";
import { findCohort } from "../cohort/cohort.service.ts";
import type { GraphQLContext } from "../context.ts";
import { findEncoder } from "../encoder/encoder.service.ts";
import { findFeatureSet } from "../featureSet/featureSet.service.ts";
import { findJobByUuid } from "../job/job.service.ts";
import { findMilModel, findMilScore } from "../mil/mil.service.ts";
import { findGrid, findPatch } from "../patch/patch.service.ts";
import { findPatient } from "../patient/patient.service.ts";
import { findCodebook, findPhenotype } from "../phenotype/phenotype.service.ts";
import { findSlide } from "../slide/slide.service.ts";
import { findStudy } from "../study/study.service.ts";

/** Tells GraphQL which type a row is of. */
const as = <Type extends string, Row extends object>(
  type: Type,
  row: Row | null,
): (Row & { __typename: Type }) | null => row && { ...row, __typename: type };

const fetchNode = async (context: GraphQLContext, { type, parts }: DecodedId) => {
  const [first, second, third] = parts.map(String) as [string, string, string];
  switch (type) {
    case "Study":
      return as(type, await findStudy(context, first));
    case "Patient":
      return as(type, await findPatient(context, { key: { studyKey: first, key: second } }));
    case "Slide":
      return as(type, await findSlide(context, { key: { studyKey: first, key: second } }));
    case "PatchGrid":
      return as(type, await findGrid(context, first, second, third));
    case "Patch":
      return as(type, (await findPatch(context, parts))?.patch ?? null);
    case "Encoder":
      return as(type, await findEncoder(context, first));
    case "FeatureSet":
      return as(type, await findFeatureSet(context, first, second));
    case "Cohort":
      return as(type, await findCohort(context, first, second));
    case "Codebook":
      return as(type, await findCodebook(context, parts));
    case "Phenotype":
      return as(type, await findPhenotype(context, parts));
    case "MilModel":
      return as(type, await findMilModel(context, first, second));
    case "MilScore":
      return as(type, await findMilScore(context, parts));
    case "Job":
      return as(type, await findJobByUuid(context, first));
    default:
      throw new UnreachableCaseError(type);
  }
};

/** Whatever an id names; null when there is no such thing, or none that the viewer may see. */
export const findNode = async (context: GraphQLContext, id: string) => {
  const decoded = decodeId(id);
  if (!decoded) return null;
  try {
    return await fetchNode(context, decoded);
  } catch (error) {
    if (isHistoError(error) && error.code === "FORBIDDEN") return null;
    throw error;
  }
};
