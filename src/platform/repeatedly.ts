/**
 * Does something now and again every so often, without keeping a finished program alive.
 * @param work should end soon once its signal is aborted
 * @param failed is told what went wrong; the next time comes nevertheless
 * @returns ends that, once what is under way is done
 */
export const repeatedly = (
  work: (signal: AbortSignal) => Promise<void>,
  everyMs: number,
  failed: (error: unknown) => void,
): (() => Promise<void>) => {
  const stop = new AbortController();
  let underWay: Promise<void> = Promise.resolve();
  const run = () => {
    underWay = work(stop.signal).catch(failed);
  };
  run();
  const timer = setInterval(run, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    stop.abort();
    await underWay;
  };
};
