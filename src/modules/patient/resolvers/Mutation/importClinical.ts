import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../importClinical.service.ts";

const NOTHING = { created: 0, changed: 0, unchanged: 0, unlinked: [], conflicts: [], attributes: [] };

export const importClinical: NonNullable<MutationResolvers["importClinical"]> = (_parent, { input }, context) =>
  withUserErrors(NOTHING, () => service.importClinical(context, input));
