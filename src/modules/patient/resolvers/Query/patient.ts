import type { QueryResolvers } from "../../../types.generated.ts";
import { findPatient } from "../../patient.service.ts";

export const patient: NonNullable<QueryResolvers["patient"]> = (_parent, { by }, context) => findPatient(context, by);
