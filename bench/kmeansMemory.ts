/** `node bench/kmeansMemory.ts ROWS DIMS CLUSTERS`: by how much K-means over streamed rows raises the peak of memory. Prints JSON. */
import { kMeans, type RowSource } from "../src/learning/index.ts";
import { clusteredRows } from "./kmeansRows.ts";

const [rows = 0, dims = 0, clusters = 0] = process.argv.slice(2).map(Number);
const BATCH_ROWS = 4096;
const one = clusteredRows(dims, 100, 1)(BATCH_ROWS);

/** Batches that are made as they are read, as a database's are: the same rows, each time begun elsewhere. */
function* batches(): Generator<Uint16Array> {
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    const batch = new Uint16Array(Math.min(BATCH_ROWS, rows - from) * dims);
    const turn = ((from / BATCH_ROWS) % 97) * dims;
    batch.set(one.subarray(turn, turn + batch.length));
    batch.set(
      one.subarray(0, Math.max(0, turn + batch.length - one.length)),
      Math.min(batch.length, one.length - turn),
    );
    yield batch;
  }
}

const source: RowSource = { rows, dims, batches };
const before = process.memoryUsage.rss();
let peak = before;
await kMeans(source, {
  clusters,
  onProgress: () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  },
});
// The operating system keeps the true peak, in kilobytes.
peak = Math.max(peak, process.resourceUsage().maxRSS * 1024);
process.stdout.write(JSON.stringify({ growthMegabytes: (peak - before) / 1e6 }));
