import { indexClinical } from "../../store/clinicalIndexes.ts";
import type { App } from "../context.ts";

/** Indexing under way, by database: an import is answered before its study is indexed, and an app closes after. */
const underWay = new WeakMap<App["database"], Promise<void>>();

/** Indexes a study's attributes when nothing else is being indexed; a failure costs speed only, and is logged. */
export const indexLater = ({ database, log }: App, studyId: number): void => {
  const before = underWay.get(database) ?? Promise.resolve();
  const after = before
    .then(() => indexClinical(database, studyId))
    .then((isDone) => {
      if (!isDone) log.info({ studyId }, "this role may not index the study's attributes; histoql migrate does");
    })
    .catch((error: unknown) => {
      log.warn({ err: error }, "the attributes of a study could not be indexed");
    });
  underWay.set(database, after);
};

/** Resolves when no index is being made. */
export const indexingDone = ({ database }: Pick<App, "database">): Promise<void> =>
  underWay.get(database) ?? Promise.resolve();
