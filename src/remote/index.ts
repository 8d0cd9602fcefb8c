export { bucketBlobs } from "./bucketBlobs.ts";
export type { FetchOptions } from "./download.ts";
export { createFileCache, type HeldFile } from "./fileCache.ts";
export { createRemote, PATIENT_ATTEMPTS, type Remote } from "./remote.ts";
