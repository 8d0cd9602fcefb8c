import { chmodSync, mkdirSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import { type Device, type DeviceChoice, isProvider, PROVIDERS, parseDevices } from "./devices.ts";
import { HistoError } from "./errors.ts";
import { type ArtefactPlace, type HostSettings, readArtefactPlace, readHostSettings } from "./hosts.ts";

const list = (separator: string) => (value: string) =>
  value
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part.length > 0);

const GIBIBYTE = 2 ** 30;

/** Names, meanings and defaults of the environment variables; docs/configuration.md shows the same table. */
const environment = z.object({
  DATABASE_URL: z.string().min(1).optional(),
  HISTOQL_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/)
    .refine((name) => !["features", "pgboss", "information_schema"].includes(name) && !name.startsWith("pg_"))
    .default("public"),
  HISTOQL_DATA: z.string().min(1).default(".histoql"),
  HISTOQL_HOST: z.string().min(1).default("127.0.0.1"),
  HISTOQL_PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  HISTOQL_ROOTS: z.string().default(""),
  HISTOQL_PROVIDERS: z.string().default(PROVIDERS.join(",")),
  HISTOQL_DEVICES: z.string().default("all"),
  HISTOQL_LOG: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  HISTOQL_STORE_MAX_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(2 * GIBIBYTE),
  HISTOQL_MAX_UPLOAD_BYTES: z.coerce.number().int().positive().default(GIBIBYTE),
  HISTOQL_BATCH: z.coerce.number().int().min(1).max(1024).optional(),
  HISTOQL_PRECISION: z.enum(["float32", "float16"]).default("float32"),
  HISTOQL_LEASE_SECONDS: z.coerce.number().min(1).max(3600).default(60),
  HISTOQL_HOSTS: z.string().default(""),
  HISTOQL_HOST_TOKENS: z.string().default(""),
  HISTOQL_CACHE: z.string().min(1).optional(),
  HISTOQL_CACHE_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(50 * GIBIBYTE),
  HISTOQL_ARTEFACTS: z.string().min(1).optional(),
  HISTOQL_S3_ENDPOINT: z.string().min(1).optional(),
  // By the names that every S3 client takes them from.
  AWS_REGION: z.string().min(1).default("us-east-1"),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_SESSION_TOKEN: z.string().optional(),
});

export type Config = {
  /** Given PostgreSQL; undefined means the embedded database in `dataFolder`. */
  databaseUrl: string | undefined;
  /** Schema of the given PostgreSQL that holds everything but vectors (`features`) and messages (`pgboss`). */
  schema: string;
  /** Absolute path of the folder for the embedded database, artefacts and the signing secret. */
  dataFolder: string;
  host: string;
  port: number;
  /** Absolute folders under which slides, encoders and tables may be named by path. */
  roots: readonly string[];
  /** What graphs may run on, in order of preference. Where devices are chosen, these alone. */
  providers: readonly Device[];
  /** `["all"]`, or the devices among which encoders' batches are shared. */
  devices: readonly DeviceChoice[];
  logLevel: string;
  /** Largest size that the embedded database may grow to. */
  storeMaxBytes: number;
  /** Largest file that can be sent by `createUpload`. */
  maxUploadBytes: number;
  /** Patches that are read, embedded and stored together, and run together on a card; null where that is measured. */
  batchSize: number | null;
  /** In which encoders compute on cards; a card of an encoder must allow float16. */
  precision: "float32" | "float16";
  /** How long a job stays with a worker that is not heard of, before another one takes it over. */
  leaseSeconds: number;
  /** What may be read over HTTP and S3, and how. */
  hosts: HostSettings;
  /** Absolute folder of the files that came from hosts, for all processes of one machine; undefined: in the data folder. */
  cacheFolder: string | undefined;
  /** What they may come to. */
  cacheBytes: number;
  /** Where artefacts are that all machines share; undefined keeps them in the data folder alone. */
  sharedArtefacts: ArtefactPlace | undefined;
};

/** Devices that are chosen narrow the providers: who asks for the processor gets no training on a card either. */
const narrowProviders = (config: Config): Config => {
  const chosen = config.devices.filter((device) => device !== "all");
  return chosen.length === 0 ? config : { ...config, providers: chosen };
};

/** Makes the data folder, for its owner only: it holds the database, the secret and pictures of slides. */
export const makeDataFolder = (folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // One that is there already may have been made by something less careful.
  chmodSync(folder, 0o700);
};

/**
 * Reads the configuration from environment variables.
 * @throws HistoError BAD_ARGUMENT naming the variable.
 */
export const readConfig = (env: Record<string, string | undefined>, overrides: Partial<Config> = {}): Config => {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0] ?? "environment");
    throw new HistoError("BAD_ARGUMENT", `The environment variable ${name} has a value that cannot be used.`, {
      fix: `Correct or unset ${name}; docs/configuration.md lists the variables.`,
      path: [name],
    });
  }
  const values = parsed.data;
  const providers = list(",")(values.HISTOQL_PROVIDERS);
  const unknown = providers.find((name) => !isProvider(name));
  if (unknown !== undefined || providers.length === 0) {
    throw new HistoError("BAD_ARGUMENT", `HISTOQL_PROVIDERS: "${unknown ?? ""}" is no execution provider.`, {
      fix: `Use a comma-separated choice of ${PROVIDERS.join(", ")}.`,
      path: ["HISTOQL_PROVIDERS"],
    });
  }
  return narrowProviders({
    databaseUrl: values.DATABASE_URL,
    schema: values.HISTOQL_SCHEMA,
    dataFolder: isAbsolute(values.HISTOQL_DATA) ? values.HISTOQL_DATA : resolve(values.HISTOQL_DATA),
    host: values.HISTOQL_HOST,
    port: values.HISTOQL_PORT,
    roots: list(process.platform === "win32" ? ";" : ":")(values.HISTOQL_ROOTS).map((root) => resolve(root)),
    providers: providers.filter(isProvider),
    devices: parseDevices(values.HISTOQL_DEVICES, ["HISTOQL_DEVICES"]),
    logLevel: values.HISTOQL_LOG,
    storeMaxBytes: values.HISTOQL_STORE_MAX_BYTES,
    maxUploadBytes: values.HISTOQL_MAX_UPLOAD_BYTES,
    batchSize: values.HISTOQL_BATCH ?? null,
    precision: values.HISTOQL_PRECISION,
    leaseSeconds: values.HISTOQL_LEASE_SECONDS,
    hosts: readHostSettings({
      hosts: list(",")(values.HISTOQL_HOSTS),
      tokens: list(",")(values.HISTOQL_HOST_TOKENS),
      endpoint: values.HISTOQL_S3_ENDPOINT,
      region: values.AWS_REGION,
      accessKeyId: values.AWS_ACCESS_KEY_ID,
      secretAccessKey: values.AWS_SECRET_ACCESS_KEY,
      sessionToken: values.AWS_SESSION_TOKEN,
    }),
    cacheFolder: values.HISTOQL_CACHE === undefined ? undefined : resolve(values.HISTOQL_CACHE),
    cacheBytes: values.HISTOQL_CACHE_BYTES,
    sharedArtefacts: readArtefactPlace(values.HISTOQL_ARTEFACTS),
    ...overrides,
  });
};
