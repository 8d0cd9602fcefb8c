import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { type GraphQLSchema, Kind, parse } from "graphql";
import { resolvers } from "../modules/resolvers.generated.ts";

/** The schema that is served: the merged `schema.graphql` at the root of the package, with the resolvers of every module. */
export const createSchema = (): GraphQLSchema => {
  const typeDefs = parse(readFileSync(join(import.meta.dirname, "../../schema.graphql"), "utf8"));
  const schema = makeExecutableSchema({
    typeDefs,
    resolvers,
    resolverValidationOptions: { requireResolversToMatchSchema: "error" },
  });
  // The implementation of a scalar replaces its whole declaration, and what that said with it.
  for (const node of typeDefs.definitions) {
    const scalar = node.kind === Kind.SCALAR_TYPE_DEFINITION ? schema.getType(node.name.value) : undefined;
    if (scalar && "description" in node) scalar.description = node.description?.value;
  }
  return schema;
};
