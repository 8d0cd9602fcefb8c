import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** `histoql` as a person runs it: a process of its own, with nothing of this one's environment but what is said. */
export type RunningCommand = {
  child: ChildProcess;
  /** Standard output and standard error so far. */
  output(): { stdout: string; stderr: string };
  /** The match once standard output has it. @throws when the process ends before */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** The exit code; null when it was killed. */
  ended: Promise<number | null>;
};

const ROOT = join(import.meta.dirname, "../..");

export const runCommand = (args: readonly string[], env: Record<string, string | undefined>): RunningCommand => {
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, ["src/main.ts", ...args], {
    cwd: ROOT,
    env: { PATH, HOME, TMPDIR, HISTOQL_PROVIDERS: "cpu", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      said[stream] += text;
    });
  }
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    child,
    output: () => ({ ...said }),
    ended,
    async said(pattern) {
      let isOver = false;
      void ended.then(() => {
        isOver = true;
      });
      for (;;) {
        const match = pattern.exec(said.stdout);
        if (match) return match;
        if (isOver) throw new Error(`It ended without saying ${pattern}: ${said.stdout}${said.stderr}`);
        await new Promise((wake) => setTimeout(wake, 20));
      }
    },
  };
};
