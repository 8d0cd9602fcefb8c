import { withUserErrors } from "../../../base/userErrors.ts";
import type { MutationResolvers } from "../../../types.generated.ts";
import * as service from "../../phenotype.service.ts";

export const namePhenotype: NonNullable<MutationResolvers["namePhenotype"]> = (_parent, { input }, context) =>
  withUserErrors({ phenotype: null }, async () => ({ phenotype: await service.namePhenotype(context, input) }));
