import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * Compiles what makes every read of a slide wait, and gives the environment in which programs are slowed by it; null where
 * there is no C compiler, or no Linux.
 */
export const slowDisk = async (milliseconds: number): Promise<Record<string, string> | null> => {
  if (process.platform !== "linux") return null;
  const library = join(tmpdir(), `histoql-slow-disk-${process.pid}.so`);
  try {
    await promisify(execFile)("cc", [
      ...["-O2", "-shared", "-fPIC", "-o", library],
      ...[join(import.meta.dirname, "slowDisk.c"), "-ldl"],
    ]);
  } catch {
    return null;
  }
  return { LD_PRELOAD: library, SLOW_DISK_US: String(milliseconds * 1000) };
};
