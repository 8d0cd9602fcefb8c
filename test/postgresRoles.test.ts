import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryScope } from "../src/platform/queryScope.ts";
import { indexClinical } from "../src/store/clinicalIndexes.ts";
import { openDatabase } from "../src/store/database.ts";
import { runCommand } from "./support/commandLine.ts";
import { type OwnPostgres, otherUrl, runSql, startPostgres, whyNoPostgres } from "./support/postgres.ts";
import { anyPatch, createWorld, seedStudy, type World } from "./support/world.ts";

/** A database as docs/postgres.md tells the DBA to set it up: pgvector in a schema of its own, a migrating and a lesser role. */

const reason = whyNoPostgres();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

const SCHEMA = "histoql";
const DATABASE = "hospital";

const documentedSql = [
  ...readFileSync(join(import.meta.dirname, "../docs/postgres.md"), "utf8").matchAll(/^```sql\n([\s\S]*?)^```$/gm),
].map(([, text = ""]) =>
  text
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== ""),
);

const SIMILAR = `query($set: ID!, $patch: ID!) {
  similarPatches(input: {featureSet: $set, to: {patch: $patch}, first: 5, excludeSamePatient: false}) {
    hits { distance patch { x slide { key patient { key } } } }
  }
}`;

describe.skipIf(reason !== undefined)("a PostgreSQL with a DBA", () => {
  let server: OwnPostgres;
  let migrator: string;
  let application: string;

  const histoql = async (args: string[], url: string) => {
    const command = runCommand(args, { DATABASE_URL: url, HISTOQL_SCHEMA: SCHEMA });
    const code = await command.ended;
    return { code, ...command.output() };
  };

  beforeAll(async () => {
    server = await startPostgres("roles");
    const [cluster = [], database = []] = documentedSql;
    await runSql(server.url, ...cluster);
    const inside = otherUrl(server.url, { database: DATABASE });
    migrator = otherUrl(inside, { user: "histoql_migrator", password: "choose one" });
    application = otherUrl(inside, { user: "histoql_app", password: "choose another" });
    await runSql(inside, ...database.filter((statement) => !statement.startsWith("ALTER ROLE")));
  });
  afterAll(() => server?.stop());

  const asApplication = (url: string, work: boolean): Promise<World> =>
    createWorld({ work, config: { databaseUrl: url, schema: SCHEMA } });

  it("refuses to serve as the lesser role before anything is migrated, and says what to run", async () => {
    const noRights = await histoql(["serve", "--port", "0"], application);
    expect(noRights.code).toBe(1);
    expect(noRights.stderr).toMatch(/FORBIDDEN.*\n.*histoql migrate --application-role histoql_app/);
    await runSql(migrator, `GRANT USAGE ON SCHEMA ${SCHEMA} TO histoql_app`);
    const notMigrated = await histoql(["serve", "--port", "0"], application);
    expect(notMigrated.code).toBe(1);
    expect(notMigrated.stderr).toMatch(/lacks \d+ of this version's migrations.*\n.*histoql migrate/);
  });

  it("is migrated by the migrating role, as often as one likes", async () => {
    for (const said of [/Applied: .*_init/, /up to date/]) {
      const { code, stdout, stderr } = await histoql(["migrate", "--application-role", "histoql_app"], migrator);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      expect(stdout).toMatch(said);
      expect(stdout).toMatch(/The DBA has to run:\n +ALTER ROLE "histoql_app" IN DATABASE "hospital" SET search_path/);
    }
    const [tables] = await runSql(
      migrator,
      `SELECT count(*) FILTER (WHERE schemaname = '${SCHEMA}')::int AS own, count(*) FILTER (WHERE schemaname = 'public')::int AS public
       FROM pg_tables WHERE schemaname IN ('${SCHEMA}', 'public')`,
    );
    expect(tables).toEqual({ own: expect.toSatisfy((count: number) => count > 10), public: 0 });
  });

  it("refuses as application role what is none", async () => {
    const unknown = await histoql(["migrate", "--application-role", "nobody"], migrator);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/NOT_FOUND.*\n.*CREATE ROLE "nobody"/)]);
    const itself = await histoql(["migrate", "--application-role", "histoql_migrator"], migrator);
    expect([itself.code, itself.stderr]).toEqual([1, expect.stringMatching(/BAD_ARGUMENT/)]);
  });

  const embedAndSearch = async (url: string): Promise<void> => {
    const world = await asApplication(url, true);
    try {
      const { featureSet } = await seedStudy(world, 2);
      const { similarPatches } = await world.ask<{ similarPatches: { hits: { distance: number }[] } }>(SIMILAR, {
        set: featureSet,
        patch: await anyPatch(world),
      });
      expect(similarPatches.hits).toHaveLength(5);
      await world.app.database.query("DELETE FROM study WHERE key = 'glioma'");
    } finally {
      await world.close();
    }
  };

  it("is worked with as the lesser role, from slides to similar patches", () => embedAndSearch(application), 120_000);

  it("lets the lesser role make nothing", async () => {
    const database = await openDatabase({ url: application, schema: SCHEMA });
    const denied = [
      "CREATE TABLE mine (id int)",
      "CREATE TABLE public.mine (id int)",
      "CREATE TABLE features.mine (id int)",
      "CREATE SCHEMA mine",
      "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE INDEX ON patient (key)",
      "ALTER TABLE patient ADD COLUMN mine int",
      "DROP TABLE features.patch",
      "CREATE TABLE pgboss.mine (id int)",
      "DELETE FROM _prisma_migrations",
      "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', 'x')",
    ];
    for (const statement of denied) {
      await expect(database.query(statement), statement).rejects.toMatchObject({ code: "42501" });
    }
    const { rowCount } = await database.query("SELECT FROM _prisma_migrations");
    expect(rowCount).toBeGreaterThan(0);
    await database.close();
  });

  it("does not let a caller's own names into the functions that run with more rights", async () => {
    const database = await openDatabase({ url: application, schema: SCHEMA });
    const { rows } = await database.query<{ settings: string[] }>(
      "SELECT proconfig AS settings FROM pg_proc WHERE pronamespace = 'features'::regnamespace AND prosecdef",
    );
    expect(rows.length).toBeGreaterThan(1);
    for (const { settings } of rows) {
      expect(settings).toEqual([expect.stringMatching(/^search_path=pg_catalog, extensions, histoql, pg_temp$/)]);
    }
    await database.close();
  });

  it("leaves the indexes of a large study to the migrating role", async () => {
    const database = await openDatabase({ url: application, schema: SCHEMA });
    const { rows } = await database.query<{ id: number }>(
      "INSERT INTO study (key, name) VALUES ('large', 'Large') RETURNING id",
    );
    const id = rows[0]?.id as number;
    await database.query("INSERT INTO attribute (study_id, key, type, level) VALUES ($1, 'age', 'NUMBER', 'PATIENT')", [
      id,
    ]);
    await database.query(
      `INSERT INTO patient (study_id, key, clinical)
       SELECT $1, 'P' || n, jsonb_build_object('age', n % 90) FROM generate_series(1, 20000) AS n`,
      [id],
    );
    expect(await indexClinical(database, id)).toBe(false);
    expect((await histoql(["migrate"], migrator)).code).toBe(0);
    expect(await indexClinical(database, id)).toBe(true);
    const { rowCount } = await database.query("SELECT FROM pg_indexes WHERE indexname LIKE 'patient_clinical_%'");
    expect(rowCount).toBe(1);
    await database.query("DELETE FROM study WHERE id = $1", [id]);
    await database.close();
  }, 60_000);

  type Line = { check: string; state: string; detail: string };
  const doctorOf = async (url: string): Promise<Record<string, string>> => {
    const { stdout } = await histoql(["doctor", "--json"], url);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    return Object.fromEntries(lines.map(({ check, state, detail }) => [check, `${state}: ${detail}`]));
  };

  it("is described by doctor as the lesser role sees it", async () => {
    expect(await doctorOf(application)).toMatchObject({
      role: "ok: histoql_app reads and writes rows",
      schema: `ok: ${SCHEMA}`,
      tables: "ok: of this version",
      connections: "ok: direct",
    });
  }, 60_000);

  describe("behind PgBouncer in transaction mode", () => {
    let pooled: string;
    let direct: string;

    const pooler = async (): Promise<string | undefined> => {
      try {
        const { port } = new URL(await server.pgbouncer());
        const url = new URL(application);
        url.port = port;
        return url.href;
      } catch (error) {
        if (!/pgbouncer is not installed/.test(String(error))) throw error;
        return undefined;
      }
    };

    it("refuses to look tables up elsewhere, until the role's own search path is set", async (context) => {
      const url = await pooler();
      if (url === undefined) return context.skip("pgbouncer is not installed");
      pooled = url;
      direct = application;
      await expect(openDatabase({ url: pooled, schema: SCHEMA })).rejects.toMatchObject({
        code: "CONFLICT",
        fix: expect.stringMatching(
          /ALTER ROLE "histoql_app" IN DATABASE "hospital" SET search_path = "histoql", "extensions"/,
        ),
      });
      const setting = documentedSql.flat().find((statement) => statement.startsWith("ALTER ROLE"));
      // What a DBA does by RECONNECT in the pooler: its connections began under the old setting.
      const reconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'histoql_app'";
      await runSql(server.url, setting ?? "", reconnect);
    });

    it("is worked with all the same", async (context) => {
      if (pooled === undefined) return context.skip("pgbouncer is not installed");
      await embedAndSearch(pooled);
      expect(await doctorOf(pooled)).toMatchObject({ connections: "ok: through a pooler (PgBouncer)" });
    }, 120_000);

    it("cancels what nobody waits for any more", async (context) => {
      if (pooled === undefined) return context.skip("pgbouncer is not installed");
      const database = await openDatabase({ url: pooled, schema: SCHEMA });
      const watcher = await openDatabase({ url: direct, schema: SCHEMA });
      const activity = async () => {
        const { rows } = await watcher.query<{ state: string }>(
          "SELECT state FROM pg_stat_activity WHERE query LIKE '%/* nobody waits */%' AND pid <> pg_backend_pid()",
        );
        return rows.filter(({ state }) => state === "active").length;
      };
      const query = new AbortController();
      const slow = queryScope.run({ signal: query.signal }, () =>
        database.query("SELECT pg_sleep(60) /* nobody waits */"),
      );
      const ended = expect(slow).rejects.toThrow("gone");
      await expect.poll(activity, { timeout: 5000 }).toBe(1);
      query.abort(new Error("gone"));
      await ended;
      await expect.poll(activity, { timeout: 5000 }).toBe(0);
      await database.close();
      await watcher.close();
    });
  });
});
