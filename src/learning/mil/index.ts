export { memoryRows } from "./batches.ts";
export { decodeFold, encodeFold } from "./checkpoint.ts";
export { exportHead } from "./exportHead.ts";
export { headWithDefaults, initialParameters } from "./headParameters.ts";
export { createImportedScorer, type ImportedHead, type ImportedScore } from "./importedHead.ts";
export { createScorer, type Scorer } from "./scoring.ts";
export { DEFAULT_TRAINING, trainMil } from "./trainMil.ts";
export type * from "./types.ts";
