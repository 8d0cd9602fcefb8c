import { resolve } from "node:path";
import { readConfig } from "../platform/config.ts";
import { parseDevices } from "../platform/devices.ts";
import { HistoError } from "../platform/errors.ts";
import { JOB_KINDS, type JobKind } from "../queue/jobs.ts";
import { createApp } from "../server/app.ts";
import { parseOptions, requireWhole } from "./options.ts";
import { untilInterrupted } from "./serve.ts";
import { print } from "./terminal.ts";

/** Slides are registered by the request that names them, which is nobody's job. */
const KINDS = JOB_KINDS.filter((kind) => kind !== "INGEST");

export const WORKER_HELP = `histoql worker [options]

Takes queued jobs beside histoql serve, from the PostgreSQL that DATABASE_URL names: any number of them, on any machines that
see the slides. At SIGTERM it hands back what it has at the next batch, and ends; at the second, at once.

  --kinds <list>      only jobs of these kinds: ${KINDS.map((kind) => kind.toLowerCase()).join(", ")} (default: all)
  --concurrency <n>   jobs of each kind at a time (default: 2)
  --device <list>     all, or a choice such as cuda:0,cuda:1 or cpu (default: HISTOQL_DEVICES, else all)
  --name <name>       what others see it by (default: worker- and part of its id)
  --root <folder>     where slides lie, as for serve; may be repeated
  --data <folder>     artefacts (default: .histoql)
`;

/** @throws HistoError BAD_ARGUMENT */
const requireKinds = (text: string): JobKind[] => {
  const kinds = text.split(",").map((kind) => kind.trim().toUpperCase());
  const unknown = kinds.find((kind) => !(KINDS as readonly string[]).includes(kind));
  if (unknown === undefined) return [...new Set(kinds)] as JobKind[];
  throw new HistoError("BAD_ARGUMENT", `--kinds: there are no jobs of kind "${unknown.toLowerCase()}".`, {
    fix: `Use a comma-separated choice of ${KINDS.map((kind) => kind.toLowerCase()).join(", ")}.`,
  });
};

export const worker = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseOptions("worker", args, {
    kinds: { type: "string" },
    concurrency: { type: "string", default: "2" },
    device: { type: "string" },
    name: { type: "string" },
    root: { type: "string", multiple: true, default: [] },
    data: { type: "string" },
  });
  if (positionals.length > 0) {
    throw new HistoError("BAD_ARGUMENT", `worker takes no "${positionals[0]}".`, {
      fix: "histoql worker --help lists the options.",
    });
  }
  const kinds = values.kinds === undefined ? undefined : requireKinds(values.kinds);
  const concurrency = requireWhole("concurrency", values.concurrency, 1, 64);
  const base = readConfig(
    process.env,
    values.device === undefined ? {} : { devices: parseDevices(values.device, ["device"]) },
  );
  if (base.databaseUrl === undefined) {
    throw new HistoError(
      "BAD_ARGUMENT",
      "The embedded database serves one process: there, the worker runs inside serve.",
      {
        fix: "Run histoql serve; or set DATABASE_URL to a PostgreSQL server with pgvector, for it and for its workers.",
        path: ["DATABASE_URL"],
      },
    );
  }
  let refusal: HistoError | undefined;
  let refuse: () => void = () => {};
  const untilRefused = new Promise<void>((wake) => {
    refuse = wake;
  });
  const app = await createApp(
    {
      ...base,
      ...(values.data !== undefined && { dataFolder: resolve(values.data) }),
      roots: [...base.roots, ...values.root.map((root) => resolve(root))],
    },
    {
      as: "worker",
      work: {
        concurrency,
        ...(kinds && { kinds }),
        ...(values.name !== undefined && { name: values.name }),
        onRefused: (error) => {
          refusal = error;
          refuse();
        },
      },
    },
  );
  try {
    const { name = "", kinds: own = [] } = app.work ?? {};
    print(`${name} takes ${own.map((kind) => kind.toLowerCase()).join(", ")}`);
    await Promise.race([untilInterrupted(), untilRefused]);
    print(`${name} stops: what it has goes back to the queue, with its checkpoints.`);
  } finally {
    await app.close();
  }
  if (refusal) throw refusal;
  return 0;
};
