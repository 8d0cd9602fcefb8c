import { GraphQLScalarType, valueFromASTUntyped } from "graphql";

// biome-ignore lint/suspicious/noShadowRestrictedNames: the generated map of resolvers imports a scalar by its name in the schema.
export const JSON = new GraphQLScalarType<unknown, unknown>({
  name: "JSON",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});
