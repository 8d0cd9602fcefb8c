/**
 * Runs `work` and gives the longest CPU time that this thread spent in one turn of the event loop, in ms.
 * Processor time and not the clock, so that a busy machine does not fail a test.
 */
export const longestTurnMs = async (work: () => Promise<unknown>): Promise<number> => {
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longest = 0;
  let last = cpuMs();
  const timer = setInterval(() => {
    const now = cpuMs();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  try {
    await work();
    longest = Math.max(longest, cpuMs() - last);
  } finally {
    clearInterval(timer);
  }
  return longest;
};
