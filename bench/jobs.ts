import { startPostgres, whyNoPostgres } from "../test/support/postgres.ts";
import { type BenchOptions, fact, type Report } from "./figure.ts";
import { planning } from "./jobsPlanning.ts";
import { overhead, scaling } from "./jobsWorkers.ts";

/**
 * What the queue costs, on the PostgreSQL that DATABASE_URL names or one of its own: planning of `--queued` slides, the page
 * of jobs then, the queue's share of a slide's time, and what a second worker brings (`--slides` slides of 400 patches).
 */
export const jobs = async (report: Report, options: BenchOptions = {}): Promise<void> => {
  const queued = Number(options.queued ?? 10_000);
  const slides = Number(options.slides ?? 6);
  const reason = process.env.DATABASE_URL ? undefined : whyNoPostgres();
  if (reason !== undefined) {
    report(fact("queue_overhead", null, "share", reason));
    return;
  }
  const own = process.env.DATABASE_URL ? undefined : await startPostgres("bench-jobs");
  const url = process.env.DATABASE_URL ?? own?.url ?? "";
  try {
    for (const figure of await planning(url, queued)) report(figure);
    for (const figure of await overhead(url, slides)) report(figure);
    for (const figure of await scaling(url, slides)) report(figure);
  } finally {
    await own?.stop();
  }
};
