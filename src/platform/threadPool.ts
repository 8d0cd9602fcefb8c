import { availableParallelism } from "node:os";

// Imported before anything else, for its effect: libuv reads this once, when its pool of threads is first used. They read slides,
// files and hashes, and mostly wait for a disk, so there are more of them than cores.
process.env.UV_THREADPOOL_SIZE ??= String(2 * availableParallelism() + 4);
