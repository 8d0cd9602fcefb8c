import type { AttributeResolvers } from "./../../types.generated.ts";

export const Attribute: AttributeResolvers = {
  categories: ({ type, categories }) => (type === "CATEGORY" ? categories : null),
  missing: (attribute, _arguments, { loaders }) => attribute.missing ?? loaders.attributeMissing.load(attribute),
};
