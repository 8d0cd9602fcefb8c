import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const PIPELINE_RUN = join(import.meta.dirname, "pipelineRun.ts");
const ORT_ALONE = join(import.meta.dirname, "ortAlone.ts");

export type PipelineRun = {
  patches: number;
  patchesPerSecond: number;
  eventLoopBlockMs: number;
  metadataP95Ms: number | null;
  peakRssMegabytes: number;
};

/** What a program prints as its last line, as JSON. */
export const json = async <Result>(
  command: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Result> => {
  const { stdout } = await run(command, [...args], { maxBuffer: 2 ** 26, env: { ...process.env, ...environment } });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Result;
};

/** One run of the product in a process of its own. @param preprocessing as the input PreprocessingInput */
export const runPipeline = (
  warmUp: string,
  slide: string,
  mode: "asked" | "alone",
  preprocessing: Record<string, unknown> = {},
  environment: Record<string, string> = {},
): Promise<PipelineRun> =>
  json<PipelineRun>(process.execPath, [PIPELINE_RUN, warmUp, slide, mode, JSON.stringify(preprocessing)], environment);

/** Patches a second of the inference engine alone, on bytes in memory. */
export const runOrtAlone = async (): Promise<number> =>
  (await json<{ patchesPerSecond: number }>(process.execPath, [ORT_ALONE, "32", "6"])).patchesPerSecond;
