import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import {
  lockStudy,
  readAttributes,
  refreshCategories,
  type SlideConflict,
  upsertAttributes,
  upsertEndpoints,
  upsertPatients,
  upsertSlides,
} from "../../store/clinical.ts";
import { countMissing } from "../../store/clinicalCounts.ts";
import type { Queryable } from "../../store/database.ts";
import type { Attribute, Study } from "../../store/generated/client.ts";
import type { UserError } from "../base/userErrors.ts";
import type { GraphQLContext } from "../context.ts";
import { requireFile } from "../slide/roots.ts";
import { requireKey, requireStudy } from "../study/study.service.ts";
import { withUpload } from "../upload/upload.service.ts";
import { indexLater } from "./indexing.ts";
import { DEFAULT_MISSING_VALUES } from "./table/columnTypes.ts";
import type { AttributeMeaning, EndpointMeaning, KnownAttribute, Level } from "./table/meaning.ts";
import { openTable, type TableSource, type TableThread } from "./table/tableThread.ts";

export type ImportInput = {
  studyKey: string;
  upload?: string | null | undefined;
  path?: string | null | undefined;
  text?: string | null | undefined;
  level: Level;
  patientColumn: string;
  patientPattern?: string | null | undefined;
  slideColumn?: string | null | undefined;
  slidePattern?: string | null | undefined;
  endpoints?: readonly EndpointMeaning[] | null | undefined;
  attributes?: readonly AttributeMeaning[] | null | undefined;
  missingValues?: readonly string[] | null | undefined;
  delimiter?: string | null | undefined;
  decimalMark?: string | null | undefined;
  dryRun: boolean;
};

type ImportedAttribute = Attribute & { missing?: number };

export type ImportReport = {
  created: number;
  changed: number;
  unchanged: number;
  unlinked: string[];
  conflicts: UserError[];
  attributes: ImportedAttribute[];
};

/** Runs `act` with the one source that the input names. An upload is used up, unless it was only tried or refused. */
const withSource = async <Result>(
  context: GraphQLContext,
  { upload, path, text, dryRun }: ImportInput,
  act: (source: TableSource) => Promise<Result>,
): Promise<Result> => {
  if ([upload, path, text].filter((source) => source != null).length !== 1) {
    throw new HistoError("BAD_ARGUMENT", "A table is given by exactly one of upload, path and text.", {
      fix: "Send text for a small table, an upload for a large one, a path for one that lies on the server.",
      path: ["text"],
    });
  }
  if (text != null) return act({ text });
  if (upload != null) return withUpload(context, upload, ["upload"], ({ file }) => act({ file }), { keep: dryRun });
  return act({ file: await requireFile(path as string, context.app.config.roots) });
};

const requireEndpointKeys = (endpoints: readonly EndpointMeaning[]): void => {
  const seen = new Set<string>();
  endpoints.forEach(({ key }, index) => {
    const path = ["endpoints", String(index), "key"];
    if (seen.has(requireKey(key, path))) {
      throw new HistoError("BAD_ARGUMENT", `Two endpoints are called "${key}".`, { fix: "Name each once.", path });
    }
    seen.add(key);
  });
};

const slideConflict = ({ key, patient, known }: SlideConflict): UserError => ({
  code: "CONFLICT",
  message: `Slide "${key}" belongs to patient "${known}" in this study, not to "${patient}".`,
  path: ["slideColumn"],
  fix: "Correct the table or patientPattern; the slide was left as it is.",
});

type Counts = Pick<ImportReport, "created" | "changed" | "unchanged">;

/** Writes every chunk of a table; counts are of patients, or of slides at their level. */
const writeChunks = async (client: Queryable, study: Study, thread: TableThread, level: Level) => {
  const counts: Counts = { created: 0, changed: 0, unchanged: 0 };
  const conflicts: UserError[] = [];
  const subject = level === "PATIENT" ? "patients" : "slides";
  for await (const { kind, json, count } of thread.chunks()) {
    let refused = 0;
    let written: { created: number; changed: number };
    if (kind === "patients") written = await upsertPatients(client, study.id, json);
    else {
      const slides = await upsertSlides(client, study.id, json);
      conflicts.push(...slides.conflicts.map(slideConflict));
      refused = slides.conflicts.length;
      written = slides;
    }
    if (kind !== subject) continue;
    counts.created += written.created;
    counts.changed += written.changed;
    counts.unchanged += count - written.created - written.changed - refused;
  }
  return { counts, conflicts };
};

/** The attributes of a table as they stand inside the transaction; where that is undone, with their missing values. */
const attributesOf = async (
  client: Queryable,
  study: Study,
  { level, dryRun }: ImportInput,
  keys: readonly string[],
): Promise<ImportedAttribute[]> => {
  if (keys.length === 0) return [];
  const rows = await readAttributes(client, study.id, keys);
  if (!dryRun) return rows;
  const [missing = []] = await countMissing(client, [{ studyId: study.id, level, keys }]);
  return rows.map((row, index) => ({ ...row, missing: missing[index] ?? 0 }));
};

/** Thrown to undo a transaction that was only tried. */
class DryRun extends Error {
  readonly report: ImportReport;

  constructor(report: ImportReport) {
    super("dry run");
    this.report = report;
  }
}

const write = async (
  client: Queryable,
  study: Study,
  thread: TableThread,
  input: ImportInput,
): Promise<ImportReport> => {
  const { level, dryRun } = input;
  const { attributes, endpoints, unlinked, conflicts } = thread.plan;
  await lockStudy(client, study.id);
  await upsertAttributes(client, study.id, attributes);
  await upsertEndpoints(client, study.id, endpoints);
  const written = await writeChunks(client, study, thread, level);
  const categories = attributes.filter(({ type }) => type === "CATEGORY").map(({ key }) => key);
  // New values were added to the dictionary already; only a change can have removed the last one of a kind.
  if (written.counts.changed > 0 && categories.length > 0) {
    await refreshCategories(client, study.id, level, categories);
  }
  const report: ImportReport = {
    ...written.counts,
    unlinked,
    conflicts: [...conflicts, ...written.conflicts],
    attributes: await attributesOf(
      client,
      study,
      input,
      attributes.map(({ key }) => key),
    ),
  };
  if (dryRun) throw new DryRun(report);
  return report;
};

/**
 * Reads a clinical table into a study. What is in conflict is reported and left out; the rest goes in, all of it or (when
 * the table as a whole is refused) nothing.
 * @throws HistoError BAD_ARGUMENT, COLUMN_UNKNOWN, VALUE_UNPARSABLE, TYPE_MISMATCH, CONFLICT, LIMIT_EXCEEDED,
 *   FORMAT_UNSUPPORTED, FILE_NOT_FOUND, FORBIDDEN, NOT_FOUND
 */
export const importClinical = async (context: GraphQLContext, input: ImportInput): Promise<ImportReport> => {
  const { app, viewer, loaders } = context;
  authorize(viewer, "study:write", input.studyKey);
  const study = await requireStudy({ app }, input.studyKey);
  const endpoints = input.endpoints ?? [];
  requireEndpointKeys(endpoints);
  const { level, patientColumn, patientPattern, slideColumn, slidePattern, delimiter, decimalMark } = input;
  const known: KnownAttribute[] = await app.prisma.attribute.findMany({
    where: { studyId: study.id },
    select: { key: true, type: true, level: true, categories: true },
  });
  return withSource(context, input, async (source) => {
    const thread = await openTable({
      source,
      options: { delimiter, decimalMark },
      meaning: {
        level,
        patientColumn,
        patientPattern,
        slideColumn,
        slidePattern,
        endpoints,
        attributes: input.attributes ?? [],
        missingValues: input.missingValues ?? DEFAULT_MISSING_VALUES,
      },
      known,
    });
    try {
      const report = await app.database.transaction((client) => write(client, study, thread, input));
      loaders.dictionary.clear(study.id);
      loaders.studyEndpoints.clear(study.id);
      indexLater(app, study.id);
      return report;
    } catch (error) {
      if (error instanceof DryRun) return error.report;
      throw error;
    } finally {
      await thread.close();
    }
  });
};
