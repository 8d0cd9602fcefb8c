import { globSync, readFileSync } from "node:fs";
import { defineConfig } from "@eddeee888/gcg-typescript-resolver-files";
import type { CodegenConfig } from "@graphql-codegen/cli";

/**
 * Types that a module maps onto its own rows (`export type SlideMapper = …` in `schema.mappers.ts`).
 * Only these get a resolver file: for all others what the parent returns is already complete.
 */
const mappedTypes = globSync("src/modules/*/schema.mappers.ts").flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(/^export (?:type|interface) (\w+)Mapper\b/gm)].map(
    (match) => `*.${match[1]}`,
  ),
);

/** `npm run codegen`: resolver types, the map of resolvers and the merged schema, out of the SDL of every module. */
const config: CodegenConfig = {
  schema: "src/modules/*/schema.graphql",
  silent: true,
  generates: {
    "src/modules": defineConfig({
      importExtension: ".ts",
      // Printed once, at the root, where clients and reviewers look for it; the server loads the same file.
      mergeSchema: { path: "../../schema.graphql", config: { includeDirectives: true } },
      typeDefsFilePath: false,
      scalarsModule: false,
      scalarsOverrides: {
        ID: { type: "string" },
        DateTime: { type: "Date" },
        JSON: { type: "unknown" },
        Vector: { type: { input: "Float32Array", output: "Float32Array | string" } },
      },
      resolverGeneration: {
        query: "*",
        mutation: "*",
        subscription: "*",
        scalar: "*",
        object: mappedTypes.length > 0 ? mappedTypes : "",
        union: "",
        interface: "",
        enum: "",
      },
      typesPluginsConfig: {
        contextType: "./context.ts#GraphQLContext",
        useTypeImports: true,
        // Without a default a field that the SDL gives one would look optional to the resolver.
        avoidOptionals: { defaultValue: true, field: false, inputValue: false, object: false },
      },
    }),
  },
};

export default config;
