/** The synthetic glioma cohort: slides, truth maps and clinical table with known answers. See `renderCohort`. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { HistoError } from "../src/platform/errors.ts";
import { clinicalCsv, type SyntheticPatient, syntheticPatients } from "./cohort.ts";
import { cohortReadme } from "./readme.ts";
import { type RenderedSlide, SLIDES_FOLDER, type SlideTask, TRUTH_FOLDER } from "./slide.ts";

export const DEFAULT_EDGE_PIXELS = 2048;

export type CohortRequest = {
  /** Where to write; made when absent. */
  folder: string;
  /** 1 to 9999. */
  patients: number;
  /** Any integer from 0. */
  seed: number;
  /** Threads; the number of processor cores by default. */
  concurrency?: number;
  /** Width and height of a slide, a multiple of 256 from 512 to 8192; 2048 by default. Smaller ones show the same regions, smaller. */
  edgePixels?: number;
  onProgress?: (progress: CohortProgress) => void;
};

export type CohortProgress = { done: number; total: number; slideKey: string };

export type CohortSummary = {
  folder: string;
  /** Every slide's file, in the order of the patients. */
  slideFiles: string[];
  clinicalFile: string;
  /** In the order of the cohort; `immuneCells` is the number of CD3+ cells drawn. */
  patients: (SyntheticPatient & { immuneCells: number })[];
  tookMs: number;
  /** Mean time that a thread spent on a slide, writing included. */
  perSlideMs: number;
};

const wholeNumber = (name: string, value: number, lowest: number, highest: number): void => {
  if (Number.isSafeInteger(value) && value >= lowest && value <= highest) return;
  throw new HistoError("BAD_ARGUMENT", `${name} must be a whole number from ${lowest} to ${highest}.`, {
    fix: `Pass ${name} between ${lowest} and ${highest}.`,
    path: [name],
  });
};

const prepareFolder = async (folder: string, patients: readonly SyntheticPatient[]): Promise<void> => {
  try {
    await mkdir(join(folder, SLIDES_FOLDER), { recursive: true });
    await mkdir(join(folder, TRUTH_FOLDER), { recursive: true });
  } catch (cause) {
    throw new HistoError("BAD_ARGUMENT", "The output folder cannot be made.", {
      fix: "Choose a folder that you may write to.",
      path: ["folder"],
      cause,
    });
  }
  const expected = new Set(patients.map(({ slideKey }) => `${slideKey}.tif`));
  const foreign = (await readdir(join(folder, SLIDES_FOLDER))).filter(
    (name) => !expected.has(name.replace(/\.partial$/, "")),
  );
  if (foreign.length > 0) {
    throw new HistoError(
      "CONFLICT",
      `The output folder already holds ${foreign.length} slide(s) that are not of this cohort.`,
      {
        fix: "Choose an empty folder, or remove the slides in it.",
        path: ["folder"],
      },
    );
  }
};

const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/** Renders the tasks on `concurrency` threads, each taking the next when it is free; the first failure ends all. */
const renderInThreads = async (
  tasks: readonly SlideTask[],
  concurrency: number,
  onSlide: (slide: RenderedSlide) => void,
): Promise<void> => {
  const waiting = [...tasks];
  const workers = Array.from({ length: Math.min(concurrency, tasks.length) }, () => new Worker(WORKER));
  const serve = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const next = (): void => {
        const task = waiting.shift();
        if (task) worker.postMessage(task);
        else resolve();
      };
      worker.on("message", (slide: RenderedSlide) => {
        onSlide(slide);
        next();
      });
      worker.on("error", reject);
      worker.on("exit", (code) => reject(new Error(`A rendering thread ended with code ${code}.`)));
      next();
    });
  try {
    await Promise.all(workers.map(serve));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
};

/**
 * Renders a cohort of glioma patients, one CD3-stained slide each, with truth maps and a clinical table.
 * Deterministic: pixels depend on the seed, the patient's position and `edgePixels`, not on threads or the cohort's size.
 * The calling thread only waits. Files are written whole; clinical.csv comes last and marks the cohort complete.
 *
 * @throws HistoError BAD_ARGUMENT for numbers out of range or a folder that cannot be made, CONFLICT when the folder holds other slides.
 * @example
 * const { slideFiles, clinicalFile } = await renderCohort({ folder: "cohort", patients: 24, seed: 7 });
 */
export const renderCohort = async (request: CohortRequest): Promise<CohortSummary> => {
  const { folder, seed, onProgress } = request;
  const concurrency = request.concurrency ?? availableParallelism();
  const edgePixels = request.edgePixels ?? DEFAULT_EDGE_PIXELS;
  wholeNumber("patients", request.patients, 1, 9999);
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  wholeNumber("concurrency", concurrency, 1, 256);
  wholeNumber("edgePixels", edgePixels, 512, 8192);
  if (edgePixels % 256 !== 0) {
    throw new HistoError("BAD_ARGUMENT", "edgePixels must be a multiple of 256.", {
      fix: "Pass 512, 1024, 2048, …",
      path: ["edgePixels"],
    });
  }
  const startedAt = performance.now();
  const patients = syntheticPatients(seed, request.patients);
  await prepareFolder(folder, patients);
  const clinicalFile = join(folder, "clinical.csv");
  await rm(clinicalFile, { force: true });
  await writeFile(join(folder, "README.txt"), cohortReadme({ patients: patients.length, seed, edgePixels }));

  const immuneCells = new Map<number, number>();
  let threadMs = 0;
  await renderInThreads(
    patients.map(({ index }) => ({ seed, patientIndex: index, edgePixels, folder })),
    concurrency,
    (slide) => {
      immuneCells.set(slide.patientIndex, slide.immuneCells);
      threadMs += slide.tookMs;
      onProgress?.({ done: immuneCells.size, total: patients.length, slideKey: slide.slideKey });
    },
  );
  await writeFile(clinicalFile, clinicalCsv(patients));
  return {
    folder,
    slideFiles: patients.map(({ slideKey }) => join(folder, SLIDES_FOLDER, `${slideKey}.tif`)),
    clinicalFile,
    patients: patients.map((patient) => ({ ...patient, immuneCells: immuneCells.get(patient.index) ?? 0 })),
    tookMs: performance.now() - startedAt,
    perSlideMs: threadMs / patients.length,
  };
};
