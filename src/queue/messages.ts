import { PgBoss } from "pg-boss";
import { HistoError } from "../platform/errors.ts";
import type { Logger } from "../platform/logging.ts";
import type { Database, Queryable } from "../store/database.ts";
import { JOB_KINDS, type JobKind, type QueuedJob } from "./jobs.ts";

/**
 * pg-boss over our own pool carries the messages; the rows of `job` are the truth. A message that comes twice, late
 * or for a cancelled job finds nothing to claim and does no harm.
 */
export type Messages = {
  /** Announces those of the jobs that wait for nobody; in the same transaction as the rows, so that neither exists alone. */
  announce(client: Queryable, jobIds: readonly string[]): Promise<void>;
  /** Which of these kinds have a message that may be taken. */
  pending(kinds: readonly JobKind[]): Promise<JobKind[]>;
  /** Takes the most urgent message of a kind; it is gone when it is acknowledged. */
  take(kind: JobKind): Promise<{ jobId: string; acknowledge(): Promise<void> } | null>;
  /**
   * Queued jobs that no message announces, given a new message to be: a connection may break between the message that was
   * taken and the job that was to be claimed.
   */
  findUnannounced(client: Queryable): Promise<QueuedJob[]>;
  stop(): Promise<void>;
};

const queueName = (kind: JobKind) => kind.toLowerCase();

/** A message only wakes a worker; how long the work may take is the lease's matter. */
const MESSAGE_LIFE_SECONDS = 23 * 60 * 60;

/** pg-boss parses each call's messages out of one text. */
const MESSAGES_AT_ONCE = 2000;

const createBoss = (database: Database, options: { migrate: boolean; supervise: boolean }): PgBoss =>
  new PgBoss({
    db: { executeSql: (text: string, values?: unknown[]) => database.pool.query(text, values) },
    schedule: false,
    superviseIntervalSeconds: 60,
    ...options,
  });

const createQueues = async (boss: PgBoss): Promise<void> => {
  for (const kind of JOB_KINDS) {
    await boss.createQueue(queueName(kind), { retryLimit: 0, expireInSeconds: MESSAGE_LIFE_SECONDS });
  }
};

/** Makes the queue's schema and queues, or brings them to this version; for the role that owns the tables. */
export const installQueue = async (database: Database): Promise<void> => {
  const boss = createBoss(database, { migrate: true, supervise: false });
  boss.on("error", () => {});
  await boss.start();
  await createQueues(boss);
  await boss.stop({ graceful: false, close: false });
};

/** Whether this role owns the queue's schema or may make it. */
const ownsQueue = async (database: Database): Promise<boolean> => {
  const { rows } = await database.query<{ owns: boolean }>(
    `SELECT coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'pgboss'),
       has_database_privilege(current_database(), 'CREATE')) AS owns`,
  );
  return rows[0]?.owns === true;
};

const startBoss = async (database: Database, log: Logger): Promise<PgBoss> => {
  const isOwner = await ownsQueue(database);
  const boss = createBoss(database, { migrate: isOwner, supervise: true });
  boss.on("error", (error) => log.warn({ reason: error.message }, "queue"));
  try {
    await boss.start();
  } catch (error) {
    if (isOwner) throw error;
    throw new HistoError(
      "FORBIDDEN",
      "The queue's tables are not those of this version, and this role may not change them.",
      {
        fix: "Run histoql migrate as the role that owns the tables, with --application-role and the name of this one.",
        cause: error,
      },
    );
  }
  if (isOwner) await createQueues(boss);
  return boss;
};

type Announced = { id: string; kind: JobKind; message_id: string; priority: number; start_after: Date | null };

/** A parent's parts are announced in its place. */
const FIND_UNANNOUNCED = `UPDATE job SET message_id = gen_random_uuid()
  WHERE id IN (
    SELECT job.id FROM job
    WHERE state = 'QUEUED' AND waiting_for = 0 AND NOT EXISTS (SELECT FROM job AS part WHERE part.parent_id = job.id)
      AND NOT EXISTS (
        SELECT FROM pgboss.job AS message
        WHERE message.name = lower(job.kind::text) AND message.id = job.message_id AND message.state < 'active')
    FOR UPDATE SKIP LOCKED
  ) AND state = 'QUEUED' RETURNING id, kind`;

export const startMessages = async (database: Database, log: Logger): Promise<Messages> => {
  const boss = await startBoss(database, log);
  return {
    async announce(client, jobIds) {
      const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) };
      for (let first = 0; first < jobIds.length; first += MESSAGES_AT_ONCE) {
        const { rows } = await client.query<Announced>(
          `SELECT id, kind, message_id, priority, start_after FROM job
           WHERE id = ANY($1::uuid[]) AND state = 'QUEUED' AND waiting_for = 0`,
          [jobIds.slice(first, first + MESSAGES_AT_ONCE)],
        );
        for (const [kind, jobs] of Map.groupBy(rows, (row) => row.kind)) {
          const messages = jobs.map(({ id, message_id, priority, start_after }) => ({
            id: message_id,
            data: { jobId: id },
            priority,
            ...(start_after && { startAfter: start_after }),
          }));
          await boss.insert(queueName(kind), messages, { db });
        }
      }
    },
    async pending(kinds) {
      const { rows } = await database.query<{ kind: JobKind }>(
        `SELECT upper(queue.name) AS kind FROM unnest($1::text[]) AS queue (name)
         WHERE EXISTS (SELECT FROM pgboss.job AS message
           WHERE message.name = queue.name AND message.state < 'active' AND NOT message.blocked AND message.start_after <= now())`,
        [kinds.map(queueName)],
      );
      return rows.map(({ kind }) => kind);
    },
    async take(kind) {
      const [message] = await boss.fetch<{ jobId: string }>(queueName(kind));
      if (!message) return null;
      return {
        jobId: message.data.jobId,
        acknowledge: async () => {
          await boss.deleteJob(queueName(kind), message.id);
        },
      };
    },
    findUnannounced: async (client) => (await client.query<QueuedJob>(FIND_UNANNOUNCED)).rows,
    stop: () => boss.stop({ graceful: false, close: false }),
  };
};
