import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { renderCohort } from "../../synthetic/index.ts";
import { gridPart, loadSlide } from "../modules/patch/patch.service.ts";
import { isStepped } from "../modules/patch/steppedGrid.ts";
import { similarPatches } from "../modules/similarity/similarity.service.ts";
import { makeDataFolder, readConfig } from "../platform/config.ts";
import { HistoError } from "../platform/errors.ts";
import { decodeId, encodeId } from "../platform/ids.ts";
import { createApp, type RunningApp } from "../server/app.ts";
import { startServer } from "../server/start.ts";
import { cellOrigin } from "../slides/index.ts";
import { cellOf, readGridPatchIds } from "../store/patches.ts";
import { exampleQueries } from "./exampleQueries.ts";
import {
  INGEST_OPTIONS,
  type IngestOptions,
  ingestFolder,
  localContext,
  outcomeTable,
  readIngestOptions,
  requireFolder,
  withRoots,
} from "./ingest.ts";
import { parseOptions, requirePort, requireWhole } from "./options.ts";
import { untilInterrupted } from "./serve.ts";
import { createProgress, formatTable, print } from "./terminal.ts";

export const DEMO_HELP = `histoql demo [folder] [options]

Without a folder: renders a synthetic glioma cohort (24 patients), embeds it and shows what can be asked.
With a folder: does the same with the slides in it. Everything is kept in the data folder, under demo/.

  --exit            end after the result, instead of serving it
  --patients <n>    patients of the synthetic cohort (default: 24)
  --port <port>     (default: 4000)
  and the options of histoql ingest
`;

const SYNTHETIC_SEED = 7;
const SYNTHETIC_STUDY = "synthetic";

const renderSynthetic = async (folder: string, patients: number): Promise<string> => {
  print("Rendering a SYNTHETIC glioma cohort: no patient, no diagnosis, made by this program.");
  const progress = createProgress("Rendering ", "slides");
  const cohort = await renderCohort({
    folder,
    patients,
    seed: SYNTHETIC_SEED,
    onProgress: ({ done, total }) => progress.update(done, total),
  });
  progress.end();
  return join(cohort.folder, "slides");
};

/** A patch to ask about: the one with most tissue in the middle of the first slide that has vectors. */
const examplePatch = async (app: RunningApp, options: IngestOptions): Promise<string | null> => {
  const features = await app.prisma.slideFeatures.findFirst({
    where: { vectors: { gt: 0 }, featureSet: { key: options.featureSetKey, study: { key: options.studyKey } } },
    include: { grid: true, slide: true },
    orderBy: { slide: { key: "asc" } },
  });
  if (!features || !isStepped(features.grid)) return null;
  const ids = (await readGridPatchIds(app.database, features.grid)).sort();
  const place = cellOrigin(features.grid, cellOf(ids[Math.floor(features.vectors / 2)] as number));
  return encodeId("Patch", options.studyKey, features.slide.key, gridPart(features.grid), place.x, place.y);
};

const showSimilar = async (app: RunningApp, study: string, featureSet: string, patch: string): Promise<void> => {
  const context = localContext(app);
  const { hits, search } = await similarPatches(context, {
    featureSet,
    to: { patch },
    first: 5,
    excludeSamePatient: true,
    minRecall: 0.99,
  });
  const rows = await Promise.all(
    hits.map(async ({ patch: hit, distance }) => {
      const slide = await loadSlide(context, hit);
      const patient = await context.loaders.patient.load(slide.patientId);
      return [patient.key, slide.key, String(hit.x), String(hit.y), (1 - distance).toFixed(4)];
    }),
  );
  const [, slideKey, , x, y] = decodeId(patch)?.parts ?? [];
  print(`\n${study}: which patches of other patients look like the one at x ${x}, y ${y} of slide ${slideKey}?`);
  print(formatTable(["patient", "slide", "x", "y", "similarity"], rows));
  print(`${search.strategy}: ${search.scanned} vectors compared, ${search.tookMs.toFixed(1)} ms`);
};

/** The folder of slides: the one that was named, or the synthetic cohort's, rendered unless it is there whole. */
const demoFolder = async (given: string | undefined, dataFolder: string, patients: number): Promise<string> => {
  if (given !== undefined) {
    await requireFolder(given);
    return resolve(given);
  }
  const folder = join(dataFolder, `synthetic-${patients}-seed-${SYNTHETIC_SEED}`);
  // The table is written last: where it is, the cohort is complete.
  if (existsSync(join(folder, "clinical.csv"))) return join(folder, "slides");
  return renderSynthetic(folder, patients);
};

export const demo = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseOptions("demo", args, {
    ...INGEST_OPTIONS,
    exit: { type: "boolean", default: false },
    patients: { type: "string", default: "24" },
    port: { type: "string" },
  });
  if (positionals.length > 1) {
    throw new HistoError("BAD_ARGUMENT", "demo takes one folder at most.", { fix: "histoql demo /path/to/slides" });
  }
  const base = readConfig(process.env, { logLevel: process.env.HISTOQL_LOG ?? "error" });
  const port = requirePort(values.port);
  const home = { ...base, dataFolder: join(base.dataFolder, "demo"), ...(port !== undefined && { port }) };
  makeDataFolder(base.dataFolder);
  const given = positionals[0];
  const folder = await demoFolder(given, home.dataFolder, requireWhole("patients", values.patients, 2, 9999));
  const { exit: _exit, patients: _patients, port: _port, ...rest } = values;
  const synthetic = {
    study: SYNTHETIC_STUDY,
    "patient-pattern": "^(?<patient>SYN-[0-9]+)",
    stain: "IHC",
    clinical: join(folder, "..", "clinical.csv"),
    "patient-column": "patient_id",
    "slide-column": "slide_id",
    endpoint: ["os=os_days:os_event:1"],
  };
  const options = readIngestOptions(folder, { ...rest, ...(given === undefined && synthetic) });
  const studyName = given === undefined ? "SYNTHETIC glioma cohort" : options.studyKey;
  const featureSet = encodeId("FeatureSet", options.studyKey, options.featureSetKey);
  const app = await createApp(withRoots(home, options));
  try {
    // Before the work, so that a taken port is told at once and the page can be watched meanwhile.
    const server = values.exit
      ? undefined
      : await startServer(app, {
          examples: async () => exampleQueries(options.studyKey, featureSet, await examplePatch(app, options)),
        });
    const slides = await ingestFolder(app, { ...options, studyName });
    print(`\n${outcomeTable(slides)}`);
    const patch = await examplePatch(app, options);
    if (patch !== null) await showSimilar(app, studyName, featureSet, patch);
    if (server === undefined) return 0;
    print(`\nGraphQL endpoint and page: ${server.url}  (Ctrl-C ends it)`);
    print(`Again later: npm run serve -- --data ${home.dataFolder}`);
    await untilInterrupted();
    await server.close();
    return 0;
  } finally {
    await app.close();
  }
};
