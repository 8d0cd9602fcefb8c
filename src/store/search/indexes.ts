/** What builds and measures search indexes; searching itself needs `index.ts` alone. */
export * from "./building.ts";
export { calibrateCells } from "./calibrateCells.ts";
export { calibrateGraph } from "./calibrateGraph.ts";
export { defaultRecall } from "./calibration.ts";
export { readHotCohorts } from "./demand.ts";
export {
  LEAST_VECTORS,
  LEAST_VECTORS_FOR_GRAPH,
  readSearchIndexes,
  readSetsToIndex,
  type SearchIndexRow,
} from "./due.ts";
export { GREATEST_GROWTH, MAX_INDEXED_DIMS } from "./plan.ts";
