import { resolve } from "node:path";
import { readConfig } from "../platform/config.ts";
import { HistoError } from "../platform/errors.ts";
import { createApp } from "../server/app.ts";
import { startServer } from "../server/start.ts";
import { parseOptions, requirePort } from "./options.ts";
import { print } from "./terminal.ts";

export const SERVE_HELP = `histoql serve [options]

Serves the GraphQL endpoint and its page, and works through queued jobs.

  --root <folder>   lets slides, encoders and tables be named by path under this folder; may be repeated
  --host <address>  (default: 127.0.0.1, this machine only)
  --port <port>     (default: 4000)
  --data <folder>   embedded database, artefacts and secret (default: .histoql)
  --no-work         takes no jobs: histoql worker does, in processes of its own (with PostgreSQL)
`;

const INTERRUPTIONS = ["SIGINT", "SIGTERM"] as const;

/** Resolves at the first SIGINT or SIGTERM; the second, whichever of them it is, ends the process at once. */
export const untilInterrupted = (): Promise<void> =>
  new Promise((wake) => {
    const interrupt = () => {
      for (const signal of INTERRUPTIONS) process.off(signal, interrupt);
      wake();
    };
    for (const signal of INTERRUPTIONS) process.on(signal, interrupt);
  });

export const serve = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseOptions("serve", args, {
    root: { type: "string", multiple: true, default: [] },
    host: { type: "string" },
    port: { type: "string" },
    data: { type: "string" },
    "no-work": { type: "boolean", default: false },
  });
  if (positionals.length > 0) {
    throw new HistoError("BAD_ARGUMENT", `serve takes no "${positionals[0]}".`, {
      fix: "To let slides in a folder be named: histoql serve --root <folder>. To embed a folder: histoql ingest <folder>.",
    });
  }
  const base = readConfig(process.env);
  const port = requirePort(values.port);
  if (values["no-work"] && base.databaseUrl === undefined) {
    throw new HistoError(
      "BAD_ARGUMENT",
      "Nobody would do the work: the embedded database takes no workers beside serve.",
      {
        fix: "Leave --no-work out, or set DATABASE_URL to a PostgreSQL server with pgvector.",
      },
    );
  }
  const config = {
    ...base,
    ...(values.host !== undefined && { host: values.host }),
    ...(port !== undefined && { port }),
    ...(values.data !== undefined && { dataFolder: resolve(values.data) }),
    roots: [...base.roots, ...values.root.map((root) => resolve(root))],
  };
  const app = await createApp(config, { work: !values["no-work"] });
  try {
    const server = await startServer(app);
    if (app.database.kind === "embedded") {
      print(
        "Embedded database: up to 2 GB, one process, no index. For more, set DATABASE_URL to PostgreSQL with pgvector.",
      );
    }
    print(`HistoQL listens on ${server.url}`);
    await untilInterrupted();
    print("Stopping: running slides keep their checkpoints.");
    await server.close();
    return 0;
  } finally {
    await app.close();
  }
};
