import type { BenchOptions, Report } from "./figure.ts";
import { planning } from "./jobsPlanning.ts";
import { overhead, scaling } from "./jobsWorkers.ts";
import { onPostgres } from "./postgres.ts";

/**
 * What the queue costs, on the PostgreSQL that DATABASE_URL names or one of its own: planning of `--queued` slides, the page
 * of jobs then, the queue's share of a slide's time, and what a second worker brings (`--slides` slides of 400 patches).
 */
export const jobs = async (report: Report, options: BenchOptions = {}): Promise<void> => {
  const queued = Number(options.queued ?? 10_000);
  const slides = Number(options.slides ?? 6);
  await onPostgres("queue_overhead", report, async (url) => {
    for (const figure of await planning(url, queued)) report(figure);
    for (const figure of await overhead(url, slides)) report(figure);
    for (const figure of await scaling(url, slides)) report(figure);
  });
};
