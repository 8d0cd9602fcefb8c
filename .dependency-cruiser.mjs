/** @import { IConfiguration } from "dependency-cruiser" */

/** The layers of the house, from the top: what stands left may import what stands right of it, and nothing else in src. */
const LAYERS = {
  platform: [],
  onnx: ["platform"],
  slides: ["platform"],
  formats: ["onnx", "platform"],
  statistics: ["platform"],
  remote: ["platform"],
  store: ["remote", "platform"],
  queue: ["store", "platform"],
  inference: ["onnx", "slides", "platform"],
  learning: ["onnx", "platform"],
  modules: ["inference", "learning", "onnx", "slides", "formats", "statistics", "store", "queue", "remote", "platform"],
};

const layerRules = Object.entries(LAYERS).map(([layer, below]) => ({
  name: `layer-${layer}`,
  comment: `src/${layer} may import only ${below.length > 0 ? below.join(", ") : "packages"}.`,
  severity: "error",
  from: { path: `^src/${layer}/`, pathNot: "\\.test\\.ts$" },
  to: { path: "^src/", pathNot: `^src/(${[layer, ...below].join("|")})/` },
}));

/** @type {IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: "engines-know-no-graphql",
      comment: "Slides, networks, statistics and storage serve any caller.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(modules|server)/|^src/[^/]+\\.ts$" },
      to: { path: "^node_modules/(graphql|@apollo|fastify|dataloader)(/|$)" },
    },
    {
      name: "sql-in-one-place",
      comment: "Vector SQL and the database driver stand in src/store alone.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(store|queue)/|\\.test\\.ts$" },
      to: { path: "^node_modules/(pg|pgvector|@prisma|@electric-sql)(/|$)" },
    },
    {
      name: "resolvers-are-thin",
      comment: "A resolver asks its module's service; it holds no SQL and starts no engine.",
      severity: "error",
      from: { path: "^src/modules/[^/]+/resolvers/" },
      to: { path: "^src/", pathNot: "^src/(modules|platform)/" },
    },
    {
      name: "src-stands-alone",
      comment: "Only the command line may reach out of src, for the synthetic cohort of the demo.",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(test|bench|tools)/|\\.test\\.ts$" },
    },
    {
      name: "synthetic-for-the-demo-alone",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/[^/]+\\.ts$|^src/commands/|\\.test\\.ts$" },
      to: { path: "^synthetic/" },
    },
    {
      name: "no-cycles",
      comment: "A cycle that only types close is gone when the program runs.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "runs-without-dev-dependencies",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], pathNot: "^node_modules/@types/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/store/generated/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
      extensions: [".ts", ".js", ".json"],
    },
  },
};
