import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureCells, ensureGraph } from "../src/modules/similarity/searchIndex.build.ts";
import { openDatabase } from "../src/store/database.ts";
import { migrate } from "../src/store/migrations.ts";
import { grantApplication } from "../src/store/roles.ts";
import { storeVectorSet } from "./support/generatedVectors.ts";
import { type OwnPostgres, otherUrl, runSql, startPostgres, whyNoPostgres } from "./support/postgres.ts";
import { createWorld, type World } from "./support/world.ts";

const reason = whyNoPostgres();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

const SCHEMA = "histoql";

describe.skipIf(reason !== undefined)("search indexes, as a role that owns nothing", () => {
  let server: OwnPostgres;
  let world: World;

  beforeAll(async () => {
    server = await startPostgres("search-roles");
    await runSql(
      server.url,
      "CREATE ROLE search_migrator LOGIN PASSWORD 'one'",
      "CREATE ROLE search_app LOGIN PASSWORD 'two'",
      "CREATE DATABASE hospital OWNER search_migrator",
    );
    const inside = otherUrl(server.url, { database: "hospital" });
    // As a DBA may have it: pgvector in a schema of its own.
    await runSql(
      inside,
      "CREATE SCHEMA extensions",
      "CREATE EXTENSION vector SCHEMA extensions",
      "GRANT USAGE ON SCHEMA extensions TO search_migrator, search_app",
      `CREATE SCHEMA ${SCHEMA} AUTHORIZATION search_migrator`,
    );
    const migrator = await openDatabase({
      url: otherUrl(inside, { user: "search_migrator", password: "one" }),
      schema: SCHEMA,
    });
    await migrate(migrator);
    // The queue's tables are the migrating role's too; a first start makes them.
    await migrator.close();
    const asMigrator = await createWorld({
      work: false,
      config: { databaseUrl: otherUrl(inside, { user: "search_migrator", password: "one" }), schema: SCHEMA },
    });
    await grantApplication(asMigrator.app.database, "search_app");
    await asMigrator.close();
    world = await createWorld({
      work: false,
      config: { databaseUrl: otherUrl(inside, { user: "search_app", password: "two" }), schema: SCHEMA },
    });
  }, 120_000);
  afterAll(async () => {
    await world?.close();
    await server?.stop();
  });

  it("are made, measured and removed through the functions of the migrating role", async () => {
    const { database, prisma } = world.app;
    const set = await storeVectorSet(database, { dims: 16, patients: 20, patches: 4000 });
    const featureSet = await prisma.featureSet.findUniqueOrThrow({ where: { id: set.featureSetId } });
    const build = { app: world.app, featureSet, signal: new AbortController().signal };
    await expect(
      database.query(`CREATE INDEX ON features.vectors_${set.featureSetId} (patient_id, slide_id)`),
    ).rejects.toMatchObject({ code: "42501" });
    await ensureCells(build, async () => {});
    await ensureGraph(build, null, async () => {});
    const { rows } = await database.query<{ kind: string; state: string }>(
      "SELECT kind, state FROM search_index ORDER BY kind",
    );
    expect(rows).toContainEqual({ kind: "CLUSTERED", state: "READY" });
    const names = "SELECT FROM pg_class WHERE relname LIKE 'cells%' OR relname LIKE 'hnsw%'";
    expect((await database.query(names)).rowCount).toBeGreaterThan(0);
    await database.query("DELETE FROM search_index");
    expect((await database.query(names)).rowCount).toBe(0);
  }, 120_000);
});
