import { stat } from "node:fs/promises";
import { type OpenedFeatures, type SlideHeader, withFeatures } from "../../formats/featureThread.ts";
import { HistoError, isHistoError } from "../../platform/errors.ts";
import { type ClaimedJob, nameResult, recordProgress } from "../../queue/jobs.ts";
import type { JobHandler } from "../../queue/queue.ts";
import { readCompleteSlides } from "../../store/importedFeatures.ts";
import { halfvecOid } from "../../store/vectors.ts";
import type { App } from "../context.ts";
import { requireRoom } from "../featureSet/featureSet.jobs.ts";
import { assignNewSlides } from "../phenotype/codebook.follow.ts";
import { queueWhatIsDue } from "../similarity/searchIndex.jobs.ts";
import { summariseSlides } from "../similarity/similarSets.summaries.ts";
import { dropUpload } from "../upload/upload.service.ts";
import { importSlide, slideKeyOfHeader } from "./import.slide.ts";
import { type ImportPayload, requireFile } from "./importFeatures.service.ts";

/** What a parser says of "the file"; people know it by the slide. */
const named = (error: unknown, slideKey: string | null): unknown => {
  if (!isHistoError(error) || slideKey === null || error.message.includes(`"${slideKey}"`)) return error;
  return new HistoError(error.code, `Slide "${slideKey}": ${error.message}`, {
    fix: error.fix,
    path: error.inputPath,
    cause: error,
  });
};

/** What tells that a file is another one, or written to; null once it is gone. */
const stateOf = (file: string): Promise<string | null> =>
  stat(file).then(
    ({ ino, size, mtimeMs }) => [ino, size, mtimeMs].join(),
    () => null,
  );

const replaced = (): HistoError =>
  new HistoError("CONFLICT", "The file was written to or replaced while it was read.", {
    fix: "Wait until whoever writes it is done, then retryJob.",
  });

/** Takes in a whole file in one transaction. @returns the feature set's id */
const importFile = async (app: App, job: ClaimedJob, signal: AbortSignal): Promise<number> => {
  const payload = job.payload as ImportPayload;
  const { layout, level } = payload;
  const oid = await halfvecOid(app.database);
  let slideKey = payload.slideKey;
  try {
    const file = await requireFile(app, payload);
    const before = await stateOf(file);
    const use = async (features: OpenedFeatures): Promise<number> => {
      const next = async (): Promise<SlideHeader | null> => {
        signal.throwIfAborted();
        const header = await features.next();
        if (header) slideKey = slideKeyOfHeader(header, payload);
        return header;
      };
      // Before the transaction begins: a file that cannot be read holds up nobody.
      const first = await next();
      if (!first) throw new HistoError("NO_TISSUE", "The file holds no vectors.", { fix: "Leave it out." });
      await requireRoom(app, { key: String(slideKey) }, first.rows, first.dims);
      return app.database.transaction(async (client) => {
        const work = { app, client, studyId: job.studyId ?? -1, payload, features, jobId: job.id, oid };
        let rows = 0;
        let featureSetId = -1;
        for (let header: SlideHeader | null = first; header; header = await next()) {
          if (header !== first) await requireRoom(app, { key: String(slideKey) }, header.rows, header.dims, client);
          featureSetId = await importSlide(work, header, String(slideKey));
          rows += header.rows;
        }
        // Its beginning and its end may be of two files. One that was deleted was read to its end as it was.
        const after = await stateOf(file);
        if (after !== null && after !== before) throw replaced();
        // Last: whoever lost the job meanwhile has written nothing.
        await recordProgress(client, job, { done: rows, total: rows });
        return featureSetId;
      });
    };
    return await withFeatures({ file, layout, level }, use, signal);
  } catch (error) {
    throw named(error, slideKey);
  }
};

/** True while files of the same import are on their way, which would all ask for the same. */
const hasOpenSiblings = async ({ database }: App, job: ClaimedJob): Promise<boolean> => {
  const { rows } = await database.query<{ open: boolean }>(
    `SELECT EXISTS (SELECT FROM job JOIN job AS own ON own.parent_id = job.parent_id
       WHERE own.id = $1 AND job.id <> own.id AND job.state IN ('QUEUED', 'RUNNING')
         AND (job.total IS NULL OR job.done < job.total)) AS open`,
    [job.id],
  );
  return rows[0]?.open ?? false;
};

/** What follows when the last file is in: summaries for searches by slide, codebooks, indexes. */
const followImport = async (app: App, job: ClaimedJob, signal: AbortSignal): Promise<void> => {
  if (await hasOpenSiblings(app, job)) return;
  const { featureSetKey } = job.payload as ImportPayload;
  const set = await app.prisma.featureSet.findUnique({
    where: { studyId_key: { studyId: job.studyId ?? -1, key: featureSetKey } },
  });
  if (!set) return;
  const slides = await readCompleteSlides(app.database, set.id);
  await summariseSlides(app.database, set.id, slides, { signal });
  await assignNewSlides(app, set.id, job.id);
  await queueWhatIsDue(app);
};

/** Takes in one file of features. */
export const runImportJob =
  (app: App): JobHandler =>
  async (job, signal) => {
    const follow = () =>
      followImport(app, job, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        app.log.warn({ error }, "after an import");
      });
    try {
      const featureSetId = await importFile(app, job, signal);
      await nameResult(app.database, job.id, String(featureSetId));
    } catch (error) {
      signal.throwIfAborted();
      // The last one to end looks after the others, whatever became of it; of two that fail together each sees the other done.
      await recordProgress(app.database, job, { done: 0, total: 0 })
        .then(follow)
        .catch(() => {});
      throw error;
    }
    await follow();
    // Last: whoever has to do this again needs the file again.
    const { upload } = job.payload as ImportPayload;
    if (upload !== null) await dropUpload(app, upload);
  };
