import DataLoader from "dataloader";
import { countJobLists, type JobPageRequest, readJobPages } from "../../queue/jobPages.ts";
import type { Job, JobFailure } from "../../store/generated/client.ts";
import type { App } from "../context.ts";

/** Pages and totals of what belongs to jobs. */
export type JobLists = {
  children: DataLoader<JobPageRequest, Job[], string>;
  childCount: DataLoader<string, number>;
  failures: DataLoader<JobPageRequest, JobFailure[], string>;
  failureCount: DataLoader<string, number>;
};

/** Pages of rows in place of pages of ids. */
const fill = <Id extends string | number, Row extends { id: Id }>(
  pages: readonly Id[][],
  rows: readonly Row[],
): Row[][] => {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return pages.map((ids) => ids.flatMap((id) => byId.get(id) ?? []));
};

export const createJobLists = ({ prisma, database }: Pick<App, "prisma" | "database">): JobLists => ({
  children: new DataLoader(
    async (requests) => {
      const pages = await readJobPages(database, "children", requests);
      return fill(pages, await prisma.job.findMany({ where: { id: { in: pages.flat() } } }));
    },
    { cacheKeyFn: JSON.stringify },
  ),
  childCount: new DataLoader((ids) => countJobLists(database, "children", ids)),
  failures: new DataLoader(
    async (requests) => {
      const pages = (await readJobPages(database, "failures", requests)).map((ids) => ids.map(Number));
      return fill(pages, await prisma.jobFailure.findMany({ where: { id: { in: pages.flat() } } }));
    },
    { cacheKeyFn: JSON.stringify },
  ),
  failureCount: new DataLoader((ids) => countJobLists(database, "failures", ids)),
});
