import type { ErrorCode } from "../../../platform/errors.ts";
import type { JobFailureResolvers } from "../../types.generated.ts";

export const JobFailure: JobFailureResolvers = {
  code: ({ code }) => code as ErrorCode,
  slide: ({ slideId }, _arguments, { loaders }) => (slideId === null ? null : loaders.slide.load(slideId)),
  patient: ({ patientId }, _arguments, { loaders }) => (patientId === null ? null : loaders.patient.load(patientId)),
};
