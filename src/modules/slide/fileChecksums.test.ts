import { appendFile, mkdtemp, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { digestOf } from "../../platform/digest.ts";
import { fileChecksum } from "../../slides/index.ts";
import { createFileChecksums } from "./fileChecksums.ts";

const SETTLED_MS = 60;

let folder: string;
let path: string;
let reads: string[];
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "histoql-checksums-"));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  reads = [];
  path = join(folder, `${++files}.tif`);
  await writeFile(path, "tissue");
  await delay(2 * SETTLED_MS);
});

const counted = (settledMs = SETTLED_MS) =>
  createFileChecksums((file) => {
    reads.push(file);
    return fileChecksum(file);
  }, settledMs);

const contentOf = (text: string) => ({ checksum: digestOf(Buffer.from(text)), bytes: BigInt(text.length) });

it("reads a file once that stays as it is", async () => {
  const checksums = counted();
  for (let round = 0; round < 3; round++) expect(await checksums.of(path)).toEqual(contentOf("tissue"));
  expect(reads).toHaveLength(1);
});

it("reads it again when it was written over, even with the same size and the times set back", async () => {
  const checksums = counted();
  const { atime, mtime } = await stat(path);
  expect(await checksums.of(path)).toEqual(contentOf("tissue"));
  await writeFile(path, "tossue");
  await utimes(path, atime, mtime);
  expect(await checksums.of(path)).toEqual(contentOf("tossue"));
  await appendFile(path, "s");
  expect(await checksums.of(path)).toEqual(contentOf("tossues"));
});

it("reads it again when another file has taken its place, with the same size and times", async () => {
  const other = `${path}.other`;
  await writeFile(other, "tossue");
  const { atime, mtime } = await stat(path);
  await utimes(other, atime, mtime);
  await delay(2 * SETTLED_MS);
  const checksums = counted();
  expect(await checksums.of(path)).toEqual(contentOf("tissue"));
  await rename(other, path);
  expect(await checksums.of(path)).toEqual(contentOf("tossue"));
});

it("does not rely on the time of a change that has only just been, or that is in the future", async () => {
  const checksums = counted(60_000);
  for (let round = 0; round < 2; round++) await checksums.of(path);
  expect(reads).toHaveLength(2);
  const ahead = counted();
  const future = new Date(Date.now() + 3_600_000);
  await utimes(path, future, future);
  await delay(2 * SETTLED_MS);
  for (let round = 0; round < 2; round++) await ahead.of(path);
  expect(reads).toHaveLength(4);
});

it("does not remember what was written while it was read", async () => {
  let isFirst = true;
  const checksums = createFileChecksums(async (file) => {
    const checksum = await fileChecksum(file);
    if (isFirst) await writeFile(file, "tossue");
    isFirst = false;
    return checksum;
  }, SETTLED_MS);
  expect(await checksums.of(path)).toMatchObject({ checksum: contentOf("tissue").checksum });
  expect(await checksums.of(path)).toEqual(contentOf("tossue"));
});

it("says so when there is no file", async () => {
  await expect(counted().of(join(folder, "none.tif"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});
