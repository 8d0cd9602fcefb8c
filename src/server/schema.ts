import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeExecutableSchema } from "@graphql-tools/schema";
import type { GraphQLSchema } from "graphql";
import { resolvers } from "../modules/resolvers.generated.ts";

/** The schema that is served: the merged `schema.graphql` at the root of the package, with the resolvers of every module. */
export const createSchema = (): GraphQLSchema =>
  makeExecutableSchema({
    typeDefs: readFileSync(join(import.meta.dirname, "../../schema.graphql"), "utf8"),
    resolvers,
    resolverValidationOptions: { requireResolversToMatchSchema: "error" },
  });
