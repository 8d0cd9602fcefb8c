#!/usr/bin/env node
import "./platform/threadPool.ts";
import { DEMO_HELP, demo } from "./commands/demo.ts";
import { DOCTOR_HELP, doctor } from "./commands/doctor.ts";
import { INGEST_HELP, ingest } from "./commands/ingest.ts";
import { MIGRATE_HELP, migrateCommand } from "./commands/migrate.ts";
import { SERVE_HELP, serve } from "./commands/serve.ts";
import { WORKER_HELP, worker } from "./commands/worker.ts";
import { isHistoError } from "./platform/errors.ts";
import { isUnavailable } from "./store/unavailable.ts";

const HELP = `histoql <command> [options]

  demo [folder]     see it work, on a synthetic cohort or on your own slides
  ingest <folder>   register, tile and embed the slides of a folder
  serve             the GraphQL endpoint, its page and the worker
  worker            takes jobs beside serve, on this or another machine
  migrate           brings a PostgreSQL server's tables to this version, and grants a lesser role its use
  doctor            what is installed here, how fast it is, and what is missing

histoql <command> --help explains a command. Settings from the environment: docs/configuration.md
`;

type Command = { help: string; run: (args: readonly string[]) => Promise<number> };

const COMMANDS: Record<string, Command> = {
  serve: { help: SERVE_HELP, run: serve },
  demo: { help: DEMO_HELP, run: demo },
  ingest: { help: INGEST_HELP, run: ingest },
  worker: { help: WORKER_HELP, run: worker },
  migrate: { help: MIGRATE_HELP, run: migrateCommand },
  doctor: { help: DOCTOR_HELP, run: doctor },
};

const say = (text: string, code: number): number => {
  (code === 0 ? process.stdout : process.stderr).write(text);
  return code;
};

const main = async ([name, ...args]: readonly string[]): Promise<number> => {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") return say(HELP, 0);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) return say(`There is no command "${name}".\n\n${HELP}`, 2);
  if (args.includes("--help") || args.includes("-h")) return say(command.help, 0);
  try {
    return await command.run(args);
  } catch (error) {
    if (isUnavailable(error)) {
      return say(
        "The connection to the database is lost.\n  fix: Run the same again; what was committed is kept.\n",
        1,
      );
    }
    if (!isHistoError(error)) throw error;
    return say(`${error.code}: ${error.message}\n${error.fix ? `  fix: ${error.fix}\n` : ""}`, 1);
  }
};

process.exitCode = await main(process.argv.slice(2));
