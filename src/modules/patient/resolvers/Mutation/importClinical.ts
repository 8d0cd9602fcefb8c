import type { MutationResolvers } from "./../../../types.generated.ts";
export const importClinical: NonNullable<MutationResolvers["importClinical"]> = async (_parent, _arg, _ctx) => {
  /* Implement Mutation.importClinical resolver logic here */
};
