import { describe, expect, it } from "vitest";
import type { ServerFacts } from "../store/serverFacts.ts";
import { checkPgvector, checkPostgres, checkServer } from "./postgresChecks.ts";

const FACTS: ServerFacts = {
  version: "17.5",
  pgvector: "0.8.7",
  pgvectorAvailable: "0.8.7",
  role: "histoql_app",
  isSuperuser: false,
  schema: "histoql",
  isSchemaOpen: false,
  mayMigrate: false,
  missingMigrations: 0,
  isPooled: true,
  sharedBuffers: 2 ** 32,
  maintenanceWorkMem: 2 ** 30,
};

const statesOf = (facts: Partial<ServerFacts>, protection: "verified" | "plain" = "verified") =>
  Object.fromEntries(
    checkServer({ ...FACTS, ...facts }, protection)
      .filter(({ state }) => state !== "ok")
      .map(({ check, state, fix }) => [check, `${state}: ${fix}`]),
  );

describe("what doctor says of a server", () => {
  it("has nothing against one that is set up as documented", () => {
    expect(statesOf({})).toEqual({});
  });

  it("knows the versions that do, and those with bugs", () => {
    expect(checkPostgres("14.22").state).toBe("failed");
    expect(checkPostgres("15.0").state).toBe("ok");
    const states = ["0.7.4", "0.8.0", "0.8.3", "0.8.4", "0.8.10", "1.0"].map(
      (version) => checkPgvector(version, null).state,
    );
    expect(states).toEqual(["failed", "warning", "warning", "ok", "ok", "ok"]);
    expect(checkPgvector(null, "0.8.1").state).toBe("warning");
    expect(checkPgvector(null, null)).toMatchObject({ state: "failed", detail: "not installed" });
    expect(checkPgvector("0.8.2", null).fix).toMatch(/0\.8\.7.*ALTER EXTENSION vector UPDATE/);
  });

  it("warns of what an administrator would want to know", () => {
    expect(statesOf({ isSuperuser: true })).toEqual({ role: expect.stringMatching(/--application-role/) });
    expect(statesOf({ isSchemaOpen: true })).toEqual({
      schema: expect.stringMatching(/REVOKE CREATE ON SCHEMA histoql/),
    });
    expect(statesOf({}, "plain")).toEqual({ "way to the server": expect.stringMatching(/^warning: .*verify-full/) });
    expect(statesOf({ sharedBuffers: 2 ** 27 })).toEqual({
      "memory of PostgreSQL": expect.stringMatching(/shared_buffers/),
    });
    expect(statesOf({ maintenanceWorkMem: 2 ** 26 })).toEqual({
      "memory of PostgreSQL": expect.stringMatching(/maintenance_work_mem/),
    });
  });

  it("fails where the server would not start", () => {
    expect(statesOf({ missingMigrations: 2 })).toEqual({
      tables: expect.stringMatching(/^failed: Run histoql migrate/),
    });
    expect(statesOf({ missingMigrations: 2, mayMigrate: true })).toEqual({});
    expect(statesOf({ missingMigrations: null })).toEqual({ tables: expect.stringMatching(/^failed/) });
  });
});
