import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { float4Array, halfvecArray, int4Array, int8Array } from "./binaryArrays.ts";
import { type Database, openDatabase } from "./database.ts";
import { halfvecOid } from "./vectors.ts";

let database: Database;
beforeAll(async () => {
  database = await openDatabase({});
  await database.query("CREATE EXTENSION IF NOT EXISTS vector");
});
afterAll(() => database.close());

/** What PostgreSQL itself reads out of the bytes. */
const readBack = async (type: string, bytes: Buffer): Promise<string[]> => {
  const { rows } = await database.query<{ value: string }>(`SELECT unnest($1::${type}[])::text AS value`, [bytes]);
  return rows.map((row) => row.value);
};

const RUNS = { numRuns: 30 };

it("PostgreSQL reads back the integers", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), async (values) => {
      expect(await readBack("int4", int4Array(values))).toEqual(values.map(String));
    }),
    RUNS,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.maxSafeInteger()), async (values) => {
      expect(await readBack("int8", int8Array(values))).toEqual(values.map(String));
    }),
    RUNS,
  );
});

it("PostgreSQL reads back the floats", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })), async (values) => {
      expect((await readBack("float4", float4Array(values))).map((text) => Math.fround(Number(text)) + 0)).toEqual(
        values.map((value) => value + 0),
      );
    }),
    RUNS,
  );
});

it("pgvector reads back half-precision vectors bit for bit", async () => {
  const oid = await halfvecOid(database);
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 1, max: 20 })
        .chain((dims) =>
          fc.array(
            fc.array(fc.double({ min: -60000, max: 60000, noNaN: true }), { minLength: dims, maxLength: dims }),
            { minLength: 1, maxLength: 8 },
          ),
        ),
      async (rows) => {
        const halves = new Float16Array(rows.flat());
        const texts = await readBack(
          "halfvec",
          halfvecArray(new Uint16Array(halves.buffer), rows[0]?.length ?? 1, oid),
        );
        expect(texts.flatMap((text) => [...new Float16Array(JSON.parse(text))].map((value) => value + 0))).toEqual(
          [...halves].map((value) => value + 0),
        );
      },
    ),
    RUNS,
  );
});
