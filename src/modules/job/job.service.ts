import { authorize, NO_STUDY } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import { cancelJobTree, retryJobTree } from "../../queue/graph.ts";
import type { JobState } from "../../queue/jobs.ts";
import type { JobChange } from "../../queue/jobWatch.ts";
import { readWorkers, type WorkerRow } from "../../queue/workers.ts";
import type { Job, JobFailure } from "../../store/generated/client.ts";
import type { Prisma } from "../../store/prisma.ts";
import { type Connection, type Cursor, connect, foreignCursor, type PageArguments } from "../base/connections.ts";
import type { GraphQLContext } from "../context.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const authorizeJob = async ({ viewer, loaders }: GraphQLContext, job: Job, action: "job:read" | "job:write") =>
  authorize(viewer, action, job.studyId === null ? NO_STUDY : (await loaders.study.load(job.studyId)).key);

/** The job with this uuid if the viewer may see it. */
export const findJobByUuid = async (context: GraphQLContext, uuid: string): Promise<Job | null> => {
  if (!UUID.test(uuid)) return null;
  const job = await context.app.prisma.job.findUnique({ where: { id: uuid } });
  if (job) await authorizeJob(context, job, "job:read");
  return job;
};

export const findJob = (context: GraphQLContext, id: string): Promise<Job | null> =>
  findJobByUuid(context, String(requireId("Job", id, ["id"])[0]));

const unknownJob = (): HistoError =>
  new HistoError("NOT_FOUND", "There is no such job.", { fix: "`jobs` lists them.", path: ["id"] });

const requireJob = async (context: GraphQLContext, id: string): Promise<Job> => {
  const job = await findJob(context, id);
  if (!job) throw unknownJob();
  await authorizeJob(context, job, "job:write");
  return job;
};

/**
 * The changes of a job until it has ended, or the context's signal aborts.
 * @throws HistoError NOT_FOUND, FORBIDDEN
 */
export const watchJob = async (context: GraphQLContext, id: string): Promise<AsyncIterable<JobChange>> => {
  const job = await findJob(context, id);
  if (!job) throw unknownJob();
  return context.app.jobWatch.watch(job.id, context.signal);
};

/** The job that has changed, for a viewer who may have lost his access since the last change. */
export const findWatchedJob = async (context: GraphQLContext, uuid: string): Promise<Job> => {
  const job = await findJobByUuid(context, uuid);
  if (!job) throw unknownJob();
  return job;
};

const newestFirst = [{ createdAt: "desc" }, { id: "desc" }] as const;

const requireJobPosition = (after: Cursor): { createdAt: string; id: string } => {
  const createdAt = new Date(String(after[0]));
  const id = String(after[1]);
  if (Number.isNaN(createdAt.getTime()) || !UUID.test(id)) throw foreignCursor();
  return { createdAt: createdAt.toISOString(), id };
};

const olderThan = (after: Cursor | undefined): Prisma.JobWhereInput => {
  if (!after) return {};
  const { createdAt, id } = requireJobPosition(after);
  return { OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }] };
};

const connectJobs = (
  { app }: GraphQLContext,
  where: Prisma.JobWhereInput,
  page: PageArguments,
): Promise<Connection<Job>> =>
  connect(page, {
    find: (take, after) =>
      app.prisma.job.findMany({ where: { AND: [where, olderThan(after)] }, orderBy: [...newestFirst], take }),
    cursorOf: (job) => [job.createdAt.toISOString(), job.id],
    cursorLength: 2,
    count: () => app.prisma.job.count({ where }),
  });

/** Jobs that somebody asked for, newest first; their parts are `children`. */
export const listJobs = async (
  context: GraphQLContext,
  filter: { studyKey?: string | null | undefined; states?: readonly JobState[] | null | undefined },
  page: PageArguments,
): Promise<Connection<Job>> => {
  authorize(context.viewer, "job:read", filter.studyKey ?? NO_STUDY);
  return connectJobs(
    context,
    {
      parentId: null,
      ...(filter.studyKey != null && { study: { key: filter.studyKey } }),
      ...(filter.states && { state: { in: [...filter.states] } }),
    },
    page,
  );
};

/** The parts of a job, newest first. */
export const listChildren = ({ loaders }: GraphQLContext, job: Job, page: PageArguments): Promise<Connection<Job>> =>
  connect(page, {
    find: async (take, after) => {
      const position = after && requireJobPosition(after);
      return loaders.jobLists.children.load({ jobId: job.id, take, after: position });
    },
    cursorOf: (child) => [child.createdAt.toISOString(), child.id],
    cursorLength: 2,
    count: () => loaders.jobLists.childCount.load(job.id),
  });

const MAX_SERIAL = 2 ** 31 - 1;

const requireSerial = (value: unknown): number => {
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_SERIAL) return Number(value);
  throw foreignCursor();
};

/** Whoever may see jobs may see who does them. */
export const listWorkers = ({ app, viewer }: GraphQLContext): Promise<WorkerRow[]> => {
  authorize(viewer, "job:read", NO_STUDY);
  return readWorkers(app.database);
};

/** What failed in a job or its children, in order of failure. */
export const listFailures = (
  { loaders }: GraphQLContext,
  job: Job,
  page: PageArguments,
): Promise<Connection<JobFailure>> =>
  connect(page, {
    find: async (take, after) => {
      const position = after && { id: requireSerial(after[0]) };
      return loaders.jobLists.failures.load({ jobId: job.id, take, after: position });
    },
    cursorOf: (failure) => [failure.id],
    count: () => loaders.jobLists.failureCount.load(job.id),
  });

/**
 * Cancels what is queued at once and what runs at its next batch, with the jobs that need it; what was written stays.
 * @throws HistoError NOT_FOUND, FORBIDDEN, CONFLICT when the job has ended
 */
export const cancelJob = async (context: GraphQLContext, id: string): Promise<Job> => {
  const job = await requireJob(context, id);
  const open = await context.app.database.transaction((client) => cancelJobTree(client, job.id, job.studyId));
  if (open > 0) return context.app.prisma.job.findUniqueOrThrow({ where: { id: job.id } });
  throw new HistoError("CONFLICT", `The job has ended already: ${job.state}.`, {
    fix: "Only queued and running jobs can be cancelled.",
    path: ["id"],
  });
};

/**
 * Queues again what failed or was cancelled, and what failed before it, and only that; a slide goes on from its checkpoint.
 * @throws HistoError NOT_FOUND, FORBIDDEN, CONFLICT when nothing failed
 */
export const retryJob = async (context: GraphQLContext, id: string): Promise<Job> => {
  const job = await requireJob(context, id);
  await context.app.database.transaction(async (client) => {
    await context.app.queue.wake(client, await retryJobTree(client, job.id, job.studyId));
  });
  return context.app.prisma.job.findUniqueOrThrow({ where: { id: job.id } });
};
