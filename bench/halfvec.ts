import pg from "pg";
import { seededUniform } from "../src/platform/random.ts";
import { atMost, type Report } from "./figure.ts";
import { DIMS, drawPatches, geometry, uniformShares } from "./tissueVectors.ts";

/** The same vectors in half and in single precision, each with an HNSW index. Truth is the exact order in single precision. */

const ROWS = 30_000;
const QUERIES = 300;
const HITS = 10;
const EF_SEARCH = 100;
const ROWS_PER_STATEMENT = 500;

const build = async (client: pg.Client): Promise<void> => {
  await client.query(`CREATE SCHEMA bench_halfvec;
    CREATE TABLE bench_halfvec.single (id int PRIMARY KEY, v vector(${DIMS}) NOT NULL);
    CREATE TABLE bench_halfvec.half (id int PRIMARY KEY, v halfvec(${DIMS}) NOT NULL)`);
  const vectors = drawPatches(geometry(11), uniformShares, ROWS, Float32Array);
  for (let from = 0; from < ROWS; from += ROWS_PER_STATEMENT) {
    const rows = Array.from({ length: Math.min(ROWS_PER_STATEMENT, ROWS - from) }, (_, index) => from + index);
    const texts = rows.map((row) => `[${vectors.subarray(row * DIMS, (row + 1) * DIMS).join(",")}]`);
    await client.query(
      "INSERT INTO bench_halfvec.single SELECT id, v::vector FROM unnest($1::int[], $2::text[]) AS made (id, v)",
      [rows, texts],
    );
  }
  await client.query(`INSERT INTO bench_halfvec.half SELECT id, v::halfvec(${DIMS}) FROM bench_halfvec.single;
    SET maintenance_work_mem = '512MB';
    CREATE INDEX single_hnsw ON bench_halfvec.single USING hnsw (v vector_cosine_ops);
    CREATE INDEX half_hnsw ON bench_halfvec.half USING hnsw (v halfvec_cosine_ops);
    ANALYZE bench_halfvec.single; ANALYZE bench_halfvec.half`);
};

const bytesOf = async (client: pg.Client, index: string): Promise<number> => {
  const { rows } = await client.query<{ bytes: string }>("SELECT pg_relation_size($1::regclass) AS bytes", [
    `bench_halfvec.${index}`,
  ]);
  return Number(rows[0]?.bytes);
};

const nearest = async (client: pg.Client, table: "single" | "half", type: string, id: number, isExact: boolean) => {
  const query = `(SELECT v FROM bench_halfvec.single WHERE id = $1)::${type}`;
  const { rows } = await client.query<{ id: number }>(
    `SELECT id FROM bench_halfvec.${table} ORDER BY ${isExact ? `(v <=> ${query}) + 0` : `v <=> ${query}`} LIMIT ${HITS}`,
    [id],
  );
  return new Set(rows.map((row) => row.id));
};

/** Bytes and recall of a half-precision index, against one of single precision. */
export const measureHalfvec = async (connectionString: string, report: Report): Promise<void> => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await build(client);
    const ratio = (await bytesOf(client, "half_hnsw")) / (await bytesOf(client, "single_hnsw"));
    const note = `${ROWS} vectors of ${DIMS} dimensions, HNSW`;
    report(atMost("halfvec_index_vs_vector_bytes", ratio, "ratio", 0.6, note));
    await client.query(`SET hnsw.ef_search = ${EF_SEARCH}`);
    const random = seededUniform(5);
    let lost = 0;
    for (let query = 0; query < QUERIES; query++) {
      const id = Math.floor(random() * ROWS);
      const truth = await nearest(client, "single", `vector(${DIMS})`, id, true);
      const single = await nearest(client, "single", `vector(${DIMS})`, id, false);
      const half = await nearest(client, "half", `halfvec(${DIMS})`, id, false);
      const foundBy = (found: ReadonlySet<number>) => [...found].filter((hit) => truth.has(hit)).length;
      lost += foundBy(single) - foundBy(half);
    }
    report(atMost("halfvec_recall_lost", lost / QUERIES / HITS, "recall@10", 0.01, `${note}, ef_search ${EF_SEARCH}`));
  } finally {
    await client.query("DROP SCHEMA IF EXISTS bench_halfvec CASCADE").catch(() => {});
    await client.end();
  }
};
