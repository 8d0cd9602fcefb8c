import type { ServerFacts } from "../store/serverFacts.ts";
import type { Protection } from "../store/tls.ts";
import { type Check, compareVersions, ok } from "./check.ts";

/** What `histoql doctor` says of a PostgreSQL server. */

export const checkPostgres = (version: string): Check => {
  if (compareVersions(version, "15.0") >= 0) return ok("PostgreSQL", version);
  return { check: "PostgreSQL", state: "failed", detail: version, fix: "Use PostgreSQL 15 or newer." };
};

const RECOMMENDED_PGVECTOR = "0.8.7";

/** What is known of pgvector's releases: before 0.8 no half-precision iterative scans; 0.8.0 to 0.8.3 have HNSW bugs. */
export const checkPgvector = (installed: string | null, available: string | null): Check => {
  const check = "pgvector";
  const version = installed ?? available;
  const install = `Install pgvector ${RECOMMENDED_PGVECTOR} on the database server (Debian: postgresql-17-pgvector).`;
  const update = `${install} Then, in this database: ALTER EXTENSION vector UPDATE;`;
  if (version === null) return { check, state: "failed", detail: "not installed", fix: install };
  if (compareVersions(version, "0.8.0") < 0) return { check, state: "failed", detail: version, fix: update };
  if (compareVersions(version, "0.8.4") < 0) {
    const detail = `${version}: 0.8.0 to 0.8.3 have bugs in HNSW indexes; exact search is not affected`;
    return { check, state: "warning", detail, fix: update };
  }
  return ok(check, installed === null ? `${version}, not yet installed in this database` : version);
};

const PROTECTIONS: Record<Protection, string> = {
  verified: "encrypted; certificate and host name verified",
  local: "within this machine",
  plain: "not encrypted, over a network",
};

export const checkProtection = (protection: Protection): Check => {
  const detail = PROTECTIONS[protection];
  if (protection !== "plain") return ok("way to the server", detail);
  const fix =
    "Add sslmode=verify-full and sslrootcert=<the CA's certificate> to DATABASE_URL; docs/postgres.md tells how.";
  return { check: "way to the server", state: "warning", detail, fix };
};

const checkRole = ({ role, isSuperuser, mayMigrate }: ServerFacts): Check => {
  if (isSuperuser) {
    const fix = "Let the server run as a lesser role: histoql migrate --application-role <name>";
    return { check: "role", state: "warning", detail: `${role} is a superuser`, fix };
  }
  return ok("role", mayMigrate ? `${role} owns the tables or may make them` : `${role} reads and writes rows`);
};

const checkTables = ({ missingMigrations, mayMigrate }: ServerFacts): Check => {
  const check = "tables";
  if (missingMigrations === 0) return ok(check, "of this version");
  if (missingMigrations === null) {
    const fix =
      "Run the HistoQL version that made this database, or a newer one; or have this role granted its rights.";
    return { check, state: "failed", detail: "of another version, or not readable for this role", fix };
  }
  const detail = `${missingMigrations} migrations are missing`;
  if (mayMigrate) return ok(check, `${detail}; the server applies them when it starts`);
  const fix = "Run histoql migrate as the role that owns the tables, with --application-role and the name of this one.";
  return { check, state: "failed", detail, fix };
};

const checkSchema = ({ schema, isSchemaOpen }: ServerFacts): Check => {
  if (!isSchemaOpen) return ok("schema", schema);
  const fix = `Have the DBA run: REVOKE CREATE ON SCHEMA ${schema} FROM PUBLIC;`;
  return { check: "schema", state: "warning", detail: `${schema}, where anybody may make tables`, fix };
};

const MEBIBYTE = 2 ** 20;
/** PostgreSQL's own defaults, made for machines of twenty years ago. */
const DEFAULT_SHARED_BUFFERS = 128 * MEBIBYTE;
const DEFAULT_MAINTENANCE_WORK_MEM = 64 * MEBIBYTE;

const checkMemory = ({ sharedBuffers, maintenanceWorkMem }: ServerFacts): Check => {
  const detail = `shared_buffers ${sharedBuffers / MEBIBYTE} MiB, maintenance_work_mem ${maintenanceWorkMem / MEBIBYTE} MiB`;
  const fixes = [
    ...(sharedBuffers <= DEFAULT_SHARED_BUFFERS ? ["shared_buffers to a quarter of the server's memory"] : []),
    ...(maintenanceWorkMem <= DEFAULT_MAINTENANCE_WORK_MEM
      ? ["maintenance_work_mem to what an HNSW index takes (docs/postgres.md), 1 GB or more"]
      : []),
  ];
  if (fixes.length === 0) return ok("memory of PostgreSQL", detail);
  return { check: "memory of PostgreSQL", state: "warning", detail, fix: `Set ${fixes.join(", and ")}.` };
};

export const checkServer = (facts: ServerFacts, protection: Protection): Check[] => [
  checkPostgres(facts.version),
  checkPgvector(facts.pgvector, facts.pgvectorAvailable),
  checkProtection(protection),
  ok("connections", facts.isPooled ? "through a pooler (PgBouncer)" : "direct"),
  checkRole(facts),
  checkSchema(facts),
  checkTables(facts),
  checkMemory(facts),
];
