export { bucketBlobs } from "./bucketBlobs.ts";
export { createFileCache, type FetchOptions, type HeldFile } from "./fileCache.ts";
export { createRemote, type Remote } from "./remote.ts";
