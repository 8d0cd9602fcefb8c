import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FeatureBatch, FeatureTable } from "../featureTable.ts";
import { tarEnd, tarHeader, tarPadding } from "../tar.ts";
import type { SlideLayout } from "./writeFile.ts";
import { startHdf5Writer } from "./writerThread.ts";

/**
 * Features as one HDF5 file a slide, in one tar archive with a list of its files at the end. One slide is on disk at a time,
 * a batch of it in memory.
 */

type Writer = Awaited<ReturnType<typeof startHdf5Writer>>;
type ArchivedFile = { file: string; slide: string; patient: string; rows: number; bytes: number; sha256: string };

const rowsOf = ({ x, y, halves }: FeatureBatch, dims: number, from: number, to: number, hasPlaces: boolean) => ({
  // Copies: what is sent to a thread must not be more than these rows.
  x: hasPlaces ? x.slice(from, to) : new Int32Array(to - from),
  y: hasPlaces ? y.slice(from, to) : new Int32Array(to - from),
  halves: halves.slice(from * dims, to * dims),
});

async function* archived(file: string, name: string, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  const { size, mtime } = await stat(file);
  yield tarHeader(name, size, mtime);
  for await (const piece of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    hash.update(piece as Buffer);
    yield piece as Buffer;
  }
  yield tarPadding(size);
}

/** Names of archived files have at most 100 letters; keys that are longer begin alike, and are told apart by their digests. */
const nameOf = (key: string): string => {
  if (key.length <= 97) return `${key}.h5`;
  return `${key.slice(0, 80)}-${createHash("sha256").update(key).digest("hex").slice(0, 16)}.h5`;
};

/** What has been written of a slide is sent and taken away. */
async function* sendSlide(
  writer: Writer,
  { slides }: FeatureTable,
  open: { file: string; slide: number; rows: number },
  files: ArchivedFile[],
): AsyncGenerator<Buffer> {
  await writer.call("end", null);
  const { key, patientKey } = slides[open.slide] as FeatureTable["slides"][number];
  const hash = createHash("sha256");
  const name = nameOf(key);
  yield* archived(open.file, name, hash);
  const { size } = await stat(open.file);
  await rm(open.file);
  files.push({ file: name, slide: key, patient: patientKey, rows: open.rows, bytes: size, sha256: hash.digest("hex") });
}

/**
 * The bytes of the archive.
 * @param batches the rows of a slide together; each batch may be written over when the next one is asked for
 * @param layoutOf how the file of a slide, by its place in the table, is laid out
 * @param folder where a slide is put together; made where it is missing
 */
export async function* encodeHdf5Archive(
  table: FeatureTable,
  batches: AsyncIterable<FeatureBatch>,
  layoutOf: (slide: number) => SlideLayout,
  folder: string,
): AsyncGenerator<Buffer> {
  const { dims, hasPlaces } = table;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const scratch = await mkdtemp(join(folder, "hdf5-"));
  const writer = await startHdf5Writer();
  const files: ArchivedFile[] = [];
  let open = null as { file: string; slide: number; rows: number } | null;
  try {
    for await (const batch of batches) {
      for (let from = 0, to = 0; from < batch.rows; from = to) {
        const slide = batch.slides[from] as number;
        while (to < batch.rows && batch.slides[to] === slide) to++;
        if (open?.slide !== slide) {
          if (open) yield* sendSlide(writer, table, open, files);
          open = { file: join(scratch, `${files.length}.h5`), slide, rows: 0 };
          await writer.call("begin", { file: open.file, layout: layoutOf(slide), dims, hasPlaces });
        }
        await writer.call("append", rowsOf(batch, dims, from, to, hasPlaces));
        open.rows += to - from;
      }
    }
    if (open) yield* sendSlide(writer, table, open, files);
    const manifest = Buffer.from(JSON.stringify({ ...table.metadata, files }, null, 1));
    yield Buffer.concat([
      tarHeader("manifest.json", manifest.length, new Date()),
      manifest,
      tarPadding(manifest.length),
      tarEnd(),
    ]);
  } finally {
    await writer.close();
    await rm(scratch, { recursive: true, force: true });
  }
}
