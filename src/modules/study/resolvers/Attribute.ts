import type { AttributeResolvers } from "./../../types.generated.ts";
export const Attribute: AttributeResolvers = {
  /* Implement Attribute resolver logic here */
  missing: async (_parent, _arg, _ctx) => {
    /* Attribute.missing resolver is required because Attribute.missing exists but AttributeMapper.missing does not */
  },
};
