import { readConfig } from "../platform/config.ts";
import { HistoError } from "../platform/errors.ts";
import { installQueue } from "../queue/queue.ts";
import { indexClinical } from "../store/clinicalIndexes.ts";
import { openDatabase } from "../store/database.ts";
import { migrate } from "../store/migrations.ts";
import { grantApplication } from "../store/roles.ts";
import { parseOptions } from "./options.ts";
import { print } from "./terminal.ts";

export const MIGRATE_HELP = `histoql migrate [--application-role <name>]

Brings the PostgreSQL that DATABASE_URL names to this version: tables, queues, indexes. Run it as the role that is to own
them, after each update; a server that runs as that role does the same when it starts.

  --application-role <name>   grants this lesser role what the server needs to run; it may create nothing itself
`;

export const migrateCommand = async (args: readonly string[]): Promise<number> => {
  const { values } = parseOptions("migrate", args, { "application-role": { type: "string" } });
  const { databaseUrl, schema } = readConfig(process.env);
  if (databaseUrl === undefined) {
    throw new HistoError("BAD_ARGUMENT", "There is no server to migrate: the embedded database does it by itself.", {
      fix: "Set DATABASE_URL to the PostgreSQL server, with the role that is to own the tables.",
      path: ["DATABASE_URL"],
    });
  }
  const database = await openDatabase({ url: databaseUrl, schema });
  try {
    const applied = await migrate(database);
    print(applied.length === 0 ? "The tables are up to date." : `Applied: ${applied.join(", ")}`);
    await installQueue(database);
    const { rows: studies } = await database.query<{ id: number }>("SELECT id FROM study ORDER BY id");
    for (const { id } of studies) await indexClinical(database, id);
    const role = values["application-role"];
    if (role === undefined) return 0;
    const advice = await grantApplication(database, role);
    print(`The role ${role} has what the server needs.`);
    if (advice.length > 0) print(`The DBA has to run:\n${advice.map((statement) => `  ${statement}`).join("\n")}`);
    return 0;
  } finally {
    await database.close();
  }
};
