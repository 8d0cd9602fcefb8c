import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HistoError } from "../../platform/errors.ts";

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** When the process began, from the kernel; tells a process from a later one that was given the same number. */
const startOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
};

/**
 * Takes the data folder for this process; returns what releases it. Two processes on one embedded database would
 * destroy it.
 * @throws HistoError CONFLICT when another living process holds it.
 */
export const lockFolder = (folder: string): (() => void) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "lock");
  const claim = JSON.stringify({ pid: process.pid, start: startOf(process.pid) });
  try {
    writeFileSync(file, claim, { flag: "wx" });
  } catch {
    let holder: { pid?: number; start?: string } = {};
    try {
      holder = JSON.parse(readFileSync(file, "utf8"));
    } catch {
      // A lock cut off by a crash holds nothing.
    }
    const { pid, start } = holder;
    if (pid !== undefined && pid !== process.pid && isAlive(pid) && startOf(pid) === start) {
      throw new HistoError("CONFLICT", `The embedded database is in use by process ${pid}.`, {
        fix: "Stop that process, choose another folder with HISTOQL_DATA, or use a PostgreSQL server with DATABASE_URL.",
      });
    }
    writeFileSync(file, claim);
  }
  return () => rmSync(file, { force: true });
};
