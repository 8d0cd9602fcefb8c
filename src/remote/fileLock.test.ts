import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withFileLock } from "./fileLock.ts";

it.each([
  ["free", false],
  ["left behind by a process that was killed", true],
])("of those who want a lock that is %s one has it at a time, and all get it", async (_what, isLeft) => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-locks-"));
  const long = new Date(Date.now() - 3_600_000);
  const taken = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const file = join(folder, String(index));
      if (isLeft) {
        await writeFile(file, "gone");
        await utimes(file, long, long);
      }
      let [inside, most, times] = [0, 0, 0];
      const work = async () => {
        inside++;
        most = Math.max(most, inside);
        await new Promise((wake) => setTimeout(wake, 2));
        inside--;
        times++;
      };
      await Promise.all(Array.from({ length: 6 }, () => withFileLock(file, work)));
      return { most, times };
    }),
  );
  expect(taken.filter(({ most, times }) => most !== 1 || times !== 6)).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

it("a guard that was left behind with its lock holds nobody up", async () => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-locks-"));
  const long = new Date(Date.now() - 3_600_000);
  for (const name of ["lock", "lock.stale"]) {
    await writeFile(join(folder, name), "gone");
    await utimes(join(folder, name), long, long);
  }
  expect(await withFileLock(join(folder, "lock"), async () => "done")).toBe("done");
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});
