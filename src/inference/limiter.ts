/** A counting semaphore: `acquire` waits, first come first served, while `limit` holders are busy. */
export const createLimiter = (limit: number): { acquire(): Promise<void>; release(): void } => {
  let free = limit;
  const queue: (() => void)[] = [];
  return {
    acquire: () => {
      if (free > 0) {
        free -= 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => queue.push(resolve));
    },
    release: () => {
      const next = queue.shift();
      if (next) next();
      else free += 1;
    },
  };
};
