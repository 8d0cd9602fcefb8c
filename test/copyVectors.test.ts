import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { copyVectors } from "../src/store/copyVectors.ts";
import type { Database } from "../src/store/database.ts";
import { createVectorTable, halfvecOid, readVectors, type VectorBatch } from "../src/store/vectors.ts";
import { createWorld, type World } from "./support/world.ts";

/** On a server this is a COPY, on the embedded database arrays; both must leave the same rows behind. */

const DIMS = 24;
let world: World;
let database: Database;
let oid: number;

beforeAll(async () => {
  world = await createWorld({ work: false });
  database = world.app.database;
  oid = await halfvecOid(database);
});
afterAll(() => world?.close());

let tables = 900;
const makeTable = async (): Promise<number> => {
  tables += 1;
  await createVectorTable(database, tables, DIMS);
  return tables;
};

/** Every bit pattern but infinities and NaN, which pgvector refuses. */
const finiteHalf = fc.integer({ min: 0, max: 0xffff }).filter((bits) => (bits & 0x7c00) !== 0x7c00);
const halfToNumber = (bits: number): number => new Float16Array(Uint16Array.of(bits).buffer)[0] as number;

const batchOf = (patchIds: readonly number[], halves: Uint16Array, slideId = 3): VectorBatch => ({
  patchIds,
  slideId,
  patientId: -7,
  dims: DIMS,
  halves,
});

const copy = (table: number, batches: AsyncIterable<VectorBatch> | Iterable<VectorBatch>) =>
  database.transaction((client) => copyVectors(database, client, table, batches, oid));

const count = async (table: number): Promise<number> => {
  const { rows } = await database.query<{ count: number }>(`SELECT count(*) AS count FROM features.vectors_${table}`);
  return rows[0]?.count ?? -1;
};

it("stores every finite vector under every id as it is", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 52 }), { minLength: 1, maxLength: 40 }),
      fc.infiniteStream(finiteHalf),
      fc.integer({ min: 1, max: 7 }),
      async (ids, stream, rowsPerBatch) => {
        const table = await makeTable();
        const halves = Uint16Array.from([...stream.take(ids.length * DIMS)]);
        const batches = [];
        for (let row = 0; row < ids.length; row += rowsPerBatch) {
          const some = ids.slice(row, row + rowsPerBatch);
          batches.push(batchOf(some, halves.subarray(row * DIMS, (row + some.length) * DIMS)));
        }
        expect(await copy(table, batches)).toBe(ids.length);
        const stored = await readVectors(database, table, ids);
        const asked = ids.map((_, row) => Array.from(halves.subarray(row * DIMS, (row + 1) * DIMS), halfToNumber));
        // PostgreSQL writes a negative zero as "-0", which the reader may take for either.
        const plain = (vectors: readonly (ArrayLike<number> | null)[]) =>
          vectors.map((v) => Array.from(v ?? [], (x) => x + 0));
        expect(plain(stored)).toEqual(plain(asked));
        const { rows } = await database.query(`SELECT DISTINCT slide_id, patient_id FROM features.vectors_${table}`);
        expect(rows).toEqual([{ slide_id: 3, patient_id: -7 }]);
      },
    ),
    { numRuns: 12 },
  );
});

it("takes more than the socket holds, from a source that takes its time", async () => {
  const table = await makeTable();
  async function* source() {
    for (let batch = 0; batch < 40; batch++) {
      if (batch % 10 === 0) await new Promise((wake) => setTimeout(wake, 5));
      const ids = Array.from({ length: 2000 - batch }, (_, row) => batch * 2000 + row);
      yield batchOf(ids, new Uint16Array(ids.length * DIMS).fill(0x3c00 + batch), batch);
    }
  }
  const expected = Array.from({ length: 40 }, (_, batch) => ({ slide_id: batch, rows: 2000 - batch, different: 1 }));
  expect(await copy(table, source())).toBe(expected.reduce((sum, { rows }) => sum + rows, 0));
  // Batches share memory on their way: none has another one's vectors.
  const { rows } = await database.query(
    `SELECT slide_id, count(*)::int AS rows, count(DISTINCT v::text)::int AS different FROM features.vectors_${table}
     GROUP BY slide_id ORDER BY slide_id`,
  );
  expect(rows).toEqual(expected);
  const { rows: all } = await database.query(
    `SELECT count(DISTINCT v::text)::int AS different FROM features.vectors_${table}`,
  );
  expect(all).toEqual([{ different: 40 }]);
});

it("takes nothing at all", async () => {
  const table = await makeTable();
  expect(await copy(table, [])).toBe(0);
});

it("leaves nothing behind when the source fails, and the connection as it was", async () => {
  const table = await makeTable();
  async function* failing() {
    yield batchOf([1, 2], new Uint16Array(2 * DIMS));
    throw new Error("the file ends too early");
  }
  await expect(copy(table, failing())).rejects.toThrow("the file ends too early");
  expect(await count(table)).toBe(0);
});

it("leaves nothing behind when the database refuses, and stops asking the source", async () => {
  const table = await makeTable();
  let asked = 0;
  let isClosed = false;
  function* source() {
    try {
      for (; asked < 5000; asked++) yield batchOf([7], new Uint16Array(DIMS));
    } finally {
      isClosed = true;
    }
  }
  await expect(copy(table, source())).rejects.toMatchObject({ code: "23505" });
  expect(await count(table)).toBe(0);
  await expect.poll(() => isClosed).toBe(true);
  const wrong = { ...batchOf([1], new Uint16Array(DIMS + 1)), dims: DIMS + 1 };
  await expect(copy(table, [wrong])).rejects.toMatchObject({ message: expect.stringMatching(/dimensions/) });
});
