import { availableParallelism } from "node:os";

const poolThreads = Number(process.env.UV_THREADPOOL_SIZE) || 4;

/**
 * How many native reads run at once in this process. More of them than cores, since on a slow disk a read mostly waits: two
 * at a time that wait 5 ms each give 400 patches/s at most, which is as many as two cores embed. They occupy libuv's thread
 * pool, which files, hashes and DNS share, so one of its threads is always left to those.
 */
export const READS_AT_ONCE = Math.max(1, Math.min(2 * availableParallelism() + 2, poolThreads - 1));

let running = 0;
const waiting: (() => void)[] = [];

/** Runs `read` when its turn comes, first come first served. */
export const withReadSlot = async <T>(read: () => Promise<T>): Promise<T> => {
  if (running >= READS_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await read();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
};

/** Counts the reads of one slide, refuses new ones once closing, and lets `close` wait for those in flight. */
export const readGate = (release: () => Promise<void>) => {
  let inFlight = 0;
  let closed: Promise<void> | null = null;
  let drained: () => void = () => {};
  return {
    async run<T>(read: () => Promise<T>): Promise<T> {
      if (closed) throw new Error("The slide is closed.");
      inFlight++;
      try {
        return await read();
      } finally {
        inFlight--;
        if (inFlight === 0) drained();
      }
    },
    close(): Promise<void> {
      closed ??= (async () => {
        if (inFlight > 0)
          await new Promise<void>((resolve) => {
            drained = resolve;
          });
        await release();
      })();
      return closed;
    },
  };
};
