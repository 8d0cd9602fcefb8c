import { join } from "node:path";
import { type RunningCommand, runCommand } from "./commandLine.ts";

/** A `histoql worker` of a test: a process of its own, with a data folder of its own. */
export type TestWorker = RunningCommand & {
  /** Once it takes jobs. */
  ready: Promise<RegExpExecArray>;
};

export type TestWorkerOptions = {
  databaseUrl: string;
  folder: string;
  name: string;
  args?: readonly string[];
  env?: Record<string, string>;
};

export const LEASE_SECONDS = 2;

export const startWorker = ({ databaseUrl, folder, name, args = [], env = {} }: TestWorkerOptions): TestWorker => {
  const command = runCommand(["worker", "--name", name, "--device", "cpu", ...args], {
    DATABASE_URL: databaseUrl,
    HISTOQL_DATA: join(folder, `data-${name}`),
    HISTOQL_LEASE_SECONDS: String(LEASE_SECONDS),
    ...env,
  });
  const ready = command.said(/ takes /);
  ready.catch(() => {});
  return { ...command, ready };
};

/** The lines of a log that say `message`. */
export const logLines = ({ stderr }: { stderr: string }, message: string): Record<string, unknown>[] =>
  stderr
    .split("\n")
    // The last line of a process that was killed may be half a line.
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === message);
