import { stat } from "node:fs/promises";
import { parse, resolve } from "node:path";
import { BUNDLED_ENCODER_KEY } from "../inference/bundled-encoder.ts";
import type { UserError } from "../modules/base/userErrors.ts";
import type { GraphQLContext } from "../modules/context.ts";
import { embedSlides } from "../modules/featureSet/featureSet.service.ts";
import type { PreprocessingInput } from "../modules/featureSet/preprocessing.ts";
import { createLoaders } from "../modules/loaders.ts";
import { registerSlides } from "../modules/slide/register.service.ts";
import { createStudy } from "../modules/study/study.service.ts";
import { LOCAL_VIEWER } from "../platform/authorisation.ts";
import { type Config, readConfig } from "../platform/config.ts";
import { HistoError } from "../platform/errors.ts";
import type { JobState } from "../queue/jobs.ts";
import { createApp, type RunningApp } from "../server/app.ts";
import { isUnavailable } from "../store/unavailable.ts";
import {
  CLINICAL_HELP,
  CLINICAL_OPTIONS,
  type ClinicalTable,
  clinicalRoots,
  importTable,
  readClinicalOptions,
} from "./clinicalTable.ts";
import { parseOptions, requireChoice, requireNumber, requireWhole } from "./options.ts";
import { createProgress, formatTable, print } from "./terminal.ts";

export const INGEST_HELP = `histoql ingest <folder> [options]

Registers every slide in a folder, finds tissue, cuts patches and embeds them.
Run it again after adding slides or after an interruption: what is done is not done twice.

  --study <key>               study to add to (default: the folder's name)
  --patient-pattern <regex>   finds the patient in a slide's key, by a group named patient,
                              such as '^(?<patient>TCGA-[^-]+-[^-]+)' (default: a patient for each slide)
  --encoder <key>             encoder (default: ${BUNDLED_ENCODER_KEY}, bundled)
  --feature-set <key>         feature set to make or extend (default: the encoder's key)
  --patch-size <pixels>       (default: 224)
  --microns-per-pixel <µm/px> resolution of the patches (default: 0.5)
  --tissue <method>           OTSU, FIXED, DARKFIELD or NONE (default: OTSU)
  --normalise <method>        evens out staining: NONE, MACENKO or REINHARD (default: NONE)
  --quality                   measures blur, pen, folds and DAB of every patch, to filter by
  --stain <stain>             HE, IHC, FLUORESCENCE, OTHER or UNKNOWN (default: UNKNOWN)
${CLINICAL_HELP}`;

const TISSUE_METHODS = ["OTSU", "FIXED", "DARKFIELD", "NONE"] as const;
const NORMALISATIONS = ["NONE", "MACENKO", "REINHARD"] as const;
const STAINS = ["HE", "IHC", "FLUORESCENCE", "OTHER", "UNKNOWN"] as const;

export type IngestOptions = {
  folder: string;
  studyKey: string;
  studyName: string;
  patientPattern?: string | undefined;
  encoderKey: string;
  featureSetKey: string;
  patchSize: number;
  micronsPerPixel: number;
  tissue: (typeof TISSUE_METHODS)[number];
  stain: (typeof STAINS)[number];
  preprocessing: PreprocessingInput;
  clinical?: ClinicalTable | undefined;
};

/** What became of one slide. */
export type SlideOutcome = { slideKey: string; patches: number; code: string | null; message: string; fix: string };

/** A context for acting from the command line: the person at this machine. */
export const localContext = (app: RunningApp, baseUrl = ""): GraphQLContext => ({
  app,
  viewer: LOCAL_VIEWER,
  loaders: createLoaders(app),
  baseUrl,
  signal: new AbortController().signal,
});

const POLL_MS = 250;
const OPEN_STATES: JobState[] = ["QUEUED", "RUNNING"];

/** The state of a job with the patches embedded by it; null while the database is away, which the job outlasts. */
const lookAt = async (app: RunningApp, jobId: string) => {
  try {
    const job = await app.prisma.job.findUniqueOrThrow({ where: { id: jobId } });
    const { rows } = await app.database.query<{ patches: number }>(
      "SELECT coalesce(sum(done - done_before), 0) AS patches FROM job WHERE parent_id = $1 AND kind = 'EMBED'",
      [jobId],
    );
    return { job, patches: rows[0]?.patches ?? 0 };
  } catch (error) {
    if (isUnavailable(error)) return null;
    throw error;
  }
};

/** Waits for a job to end, showing how far it is. */
const followJob = async (app: RunningApp, jobId: string): Promise<void> => {
  const progress = createProgress("Embedding ", "slides");
  for (;;) {
    const seen = await lookAt(app, jobId);
    if (seen === null) {
      await new Promise((wake) => setTimeout(wake, POLL_MS));
      continue;
    }
    const { job, patches } = seen;
    const seconds = job.startedAt ? (Date.now() - job.startedAt.getTime()) / 1000 : 0;
    const speed = seconds > 0 && patches > 0 ? `${patches} patches, ${(patches / seconds).toFixed(0)}/s` : undefined;
    progress.update(job.done, job.total ?? 0, speed);
    if (!OPEN_STATES.includes(job.state)) break;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  progress.end();
};

const slideKeyIn = (message: string): string => /"([^"]+)"/.exec(message)?.[1] ?? "";

const notRegistered = (errors: readonly UserError[]): SlideOutcome[] =>
  errors.map(({ code, message, fix }) => ({
    slideKey: slideKeyIn(message),
    patches: 0,
    code,
    message,
    fix: fix ?? "",
  }));

/** The jobs that still fill a feature set: the one just asked for, and what an interrupted run left behind. */
const openJobIds = async (app: RunningApp, featureSetId: number): Promise<string[]> => {
  const jobs = await app.prisma.job.findMany({
    where: { kind: "EMBED", parentId: null, resultId: String(featureSetId), state: { in: OPEN_STATES } },
    orderBy: { createdAt: "asc" },
    select: { id: true },
  });
  return jobs.map(({ id }) => id);
};

/** Every slide of a study with its patches in a feature set and, where it failed, why. */
const outcomes = async (
  app: RunningApp,
  studyKey: string,
  featureSetKey: string,
  jobIds: readonly string[],
): Promise<SlideOutcome[]> => {
  const slides = await app.prisma.slide.findMany({
    where: { study: { key: studyKey } },
    include: { features: { where: { featureSet: { key: featureSetKey } } } },
    orderBy: { key: "asc" },
  });
  const among = { in: [...jobIds] };
  const failures = await app.prisma.jobFailure.findMany({
    where: { OR: [{ jobId: among }, { job: { parentId: among } }] },
  });
  const bySlide = new Map(failures.map((failure) => [failure.slideId, failure]));
  return slides.map((slide) => {
    const failure = bySlide.get(slide.id);
    const patches = slide.features[0]?.vectors ?? 0;
    return {
      slideKey: slide.key,
      patches,
      code: failure?.code ?? null,
      message: failure?.message ?? "",
      fix: failure?.fix ?? "",
    };
  });
};

/** Registers and embeds the slides of a folder; a slide that fails does so alone. */
export const ingestFolder = async (app: RunningApp, options: IngestOptions): Promise<SlideOutcome[]> => {
  const {
    folder,
    studyKey,
    studyName,
    patientPattern,
    encoderKey,
    featureSetKey,
    stain,
    clinical,
    preprocessing,
    ...grid
  } = options;
  const context = localContext(app);
  await createStudy(context, { key: studyKey, name: studyName });
  print(`Registering slides in study "${studyKey}" …`);
  const registered = await registerSlides(context, { studyKey, paths: [folder], patientPattern, stain });
  const refused = notRegistered(registered.errors);
  if (clinical) await importTable(context, studyKey, clinical);
  if (registered.slides.length === 0) return refused;
  const { featureSet, job } = await embedSlides(context, {
    slides: { studyKey },
    encoderKey,
    featureSetKey,
    grid: { overlap: 0, minTissue: 0.5, ...grid },
    preprocessing,
  });
  const jobIds = new Set([...(await openJobIds(app, featureSet.id)), ...(job ? [job.id] : [])]);
  if (jobIds.size === 0) print("Every slide is embedded already.");
  for (const id of jobIds) await followJob(app, id);
  return [...(await outcomes(app, studyKey, featureSetKey, [...jobIds])), ...refused];
};

/** The summary that ends an ingestion. */
export const outcomeTable = (slides: readonly SlideOutcome[]): string => {
  const rows = slides.map(({ slideKey, patches, code }) => [
    slideKey,
    code ?? "embedded",
    code === null ? String(patches) : "",
  ]);
  const fixes = slides
    .filter(({ code }) => code !== null)
    .map(({ code, message, fix }) => `${code}: ${message}\n  fix: ${fix}`);
  return [formatTable(["slide", "result", "patches"], rows), ...fixes].join("\n\n");
};

/** A key out of a folder's name; only what the person typed is used, never the path above it. */
const keyOf = (folder: string): string =>
  parse(resolve(folder))
    .name.replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "") || "study";

type OptionValues = { [name: string]: string | string[] | boolean | undefined };

export const readIngestOptions = (folder: string, given: OptionValues): IngestOptions => {
  const values = given as Record<Exclude<keyof typeof INGEST_OPTIONS, "endpoint">, string | undefined>;
  const encoderKey = values.encoder ?? BUNDLED_ENCODER_KEY;
  const studyKey = values.study ?? keyOf(folder);
  return {
    folder: resolve(folder),
    studyKey,
    studyName: studyKey,
    patientPattern: values["patient-pattern"],
    encoderKey,
    featureSetKey: values["feature-set"] ?? encoderKey,
    patchSize: requireWhole("patch-size", values["patch-size"] ?? "224", 16, 4096),
    micronsPerPixel: requireNumber("microns-per-pixel", values["microns-per-pixel"] ?? "0.5", 0.05, 20),
    tissue: requireChoice("tissue", values.tissue ?? "OTSU", TISSUE_METHODS),
    preprocessing: {
      stainNormalization: requireChoice("normalise", values.normalise ?? "NONE", NORMALISATIONS),
      qualityControl: given.quality === true,
    },
    stain: requireChoice("stain", values.stain ?? "UNKNOWN", STAINS),
    clinical: readClinicalOptions(given),
  };
};

/** Options of `ingest`, which `demo` takes too. */
export const INGEST_OPTIONS = {
  study: { type: "string" },
  "patient-pattern": { type: "string" },
  encoder: { type: "string" },
  "feature-set": { type: "string" },
  "patch-size": { type: "string" },
  "microns-per-pixel": { type: "string" },
  tissue: { type: "string" },
  normalise: { type: "string" },
  quality: { type: "boolean" },
  stain: { type: "string" },
  ...CLINICAL_OPTIONS,
} as const;

/** The folders that a person names on the command line are ones that he lets the server read. */
export const withRoots = (config: Config, { folder, clinical }: IngestOptions): Config => ({
  ...config,
  roots: [...config.roots, folder, ...clinicalRoots(clinical)],
});

/** @throws HistoError FILE_NOT_FOUND */
export const requireFolder = async (folder: string): Promise<void> => {
  if (await stat(folder).catch(() => undefined)) return;
  throw new HistoError("FILE_NOT_FOUND", `There is nothing at "${folder}".`, { fix: "Check the spelling." });
};

export const ingest = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseOptions("ingest", args, INGEST_OPTIONS);
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) {
    throw new HistoError("BAD_ARGUMENT", "ingest takes one folder.", { fix: "histoql ingest /path/to/slides" });
  }
  await requireFolder(folder);
  const options = readIngestOptions(folder, values);
  const app = await createApp(
    withRoots(readConfig(process.env, { logLevel: process.env.HISTOQL_LOG ?? "error" }), options),
  );
  try {
    const slides = await ingestFolder(app, options);
    print(`\n${outcomeTable(slides)}`);
    return slides.some(({ code }) => code === null) ? 0 : 1;
  } finally {
    await app.close();
  }
};
