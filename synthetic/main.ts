/** The command line of the synthetic cohort: `node synthetic/main.ts --patients 24 --seed 7 --out folder`. */
import { parseArgs } from "node:util";
import { isHistoError } from "../src/platform/errors.ts";
import { type CohortProgress, renderCohort } from "./index.ts";

const HELP = `Draws a SYNTHETIC glioma cohort: slides (haematoxylin with CD3), truth maps, clinical table.

  node synthetic/main.ts --out <folder> [--patients 24] [--seed 7] [--edge 2048] [--concurrency <threads>]

  --out          where to write; slides/, truth/, clinical.csv and README.txt appear there
  --patients     how many patients, one slide each (24)
  --seed         the same seed gives the same cohort (7)
  --edge         width and height of a slide in pixels at 0.5 um/px, a multiple of 256 (2048)
  --concurrency  threads (all processor cores)
`;

const OPTIONS = {
  out: { type: "string" },
  patients: { type: "string", default: "24" },
  seed: { type: "string", default: "7" },
  edge: { type: "string", default: "2048" },
  concurrency: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** A bar with rate and time left on a terminal, a plain line now and then elsewhere. */
const progressPrinter = (output: NodeJS.WriteStream): ((progress: CohortProgress) => void) => {
  const startedAt = performance.now();
  return ({ done, total, slideKey }) => {
    const seconds = (performance.now() - startedAt) / 1000;
    const left = Math.ceil((seconds / done) * (total - done));
    const figures = `${done}/${total} SYNTHETIC slides, ${(done / seconds).toFixed(1)}/s, ${left} s left`;
    if (output.isTTY) {
      const filled = Math.round((24 * done) / total);
      output.write(
        `\r\u001b[K${"█".repeat(filled)}${"░".repeat(24 - filled)} ${figures}, ${slideKey}${done === total ? "\n" : ""}`,
      );
    } else if (done === total || done % Math.ceil(total / 10) === 0) output.write(`${figures}\n`);
  };
};

const run = async (): Promise<number> => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help || values.out === undefined) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const { patients, tookMs, perSlideMs } = await renderCohort({
    folder: values.out,
    patients: Number(values.patients),
    seed: Number(values.seed),
    edgePixels: Number(values.edge),
    ...(values.concurrency === undefined ? {} : { concurrency: Number(values.concurrency) }),
    onProgress: progressPrinter(process.stderr),
  });
  const died = patients.filter(({ osEvent }) => osEvent === 1).length;
  process.stdout.write(
    `${patients.length} SYNTHETIC patients in ${(tookMs / 1000).toFixed(1)} s (${Math.round(perSlideMs)} ms a slide and thread), ${died} died in follow-up.\n`,
  );
  return 0;
};

const explain = (error: unknown): string => {
  if (isHistoError(error)) return `${error.code}: ${error.message} ${error.fix ?? ""}`;
  return error instanceof Error ? error.message : String(error);
};

process.exitCode = await run().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  return 1;
});
