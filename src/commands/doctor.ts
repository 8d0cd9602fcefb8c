import { availableParallelism, totalmem } from "node:os";
import type { BatchMemory } from "../inference/batch-memory.ts";
import { bundledEncoder } from "../inference/bundled-encoder.ts";
import { createEncoderSession, type EncoderSession } from "../inference/encoder-session.ts";
import { texturedPatches } from "../inference/open-encoder.ts";
import { compareVectors } from "../inference/vector-difference.ts";
import { requireDevices } from "../modules/encoder/devices.ts";
import { executionProviders, knownAbsence, PROVIDERS, type Provider } from "../onnx/providers.ts";
import { type Config, readConfig } from "../platform/config.ts";
import { isHistoError } from "../platform/errors.ts";
import { readWorkers, type WorkerRow } from "../queue/workers.ts";
import { slideBackends } from "../slides/index.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { readServerFacts } from "../store/serverFacts.ts";
import { type Check, compareVersions, ok } from "./check.ts";
import { parseOptions } from "./options.ts";
import { checkPgvector, checkPostgres, checkServer } from "./postgresChecks.ts";
import { formatTable, print } from "./terminal.ts";

export const DOCTOR_HELP = `histoql doctor [--json]

Tells what is installed on this machine, how fast it is, and what to install for what is missing.
Ends with exit code 1 when something that is needed does not work.

  --json   one object a line: {"check", "state", "detail", "fix"}
`;

const checkNode = (): Check =>
  compareVersions(process.versions.node, "24.0.0") >= 0
    ? ok("Node", process.versions.node)
    : { check: "Node", state: "failed", detail: process.versions.node, fix: "Install Node 24 or newer." };

const checkWorkers = (workers: readonly WorkerRow[] | null): Check[] => {
  if (workers === null) return [];
  if (workers.length === 0) {
    const fix = "Run histoql serve without --no-work, or histoql worker, with the same DATABASE_URL.";
    return [{ check: "workers", state: "absent", detail: "none is heard of: jobs wait", fix }];
  }
  return workers.map(({ name, version, kinds, devices, state, running, heartbeatAt }) => {
    const seconds = Math.max(0, Math.round((Date.now() - heartbeatAt.getTime()) / 1000));
    const takes = kinds.map((kind) => kind.toLowerCase()).join(", ");
    return ok(
      `worker ${name}`,
      `${version}, ${state.toLowerCase()}, ${running} running, heard of ${seconds} s ago; on ${devices.join(",")}: ${takes}`,
    );
  });
};

/** Null before the database has been migrated to a version that knows workers, or where this role may not look. */
const readWorkersIfAny = (database: Database): Promise<WorkerRow[] | null> => readWorkers(database).catch(() => null);

const describeDatabase = async (database: Database): Promise<Check[]> => {
  const facts = await readServerFacts(database);
  if (database.kind === "given") {
    return [...checkServer(facts, database.protection), ...checkWorkers(await readWorkersIfAny(database))];
  }
  // Looked at in memory, where nothing is installed yet; it brings its own.
  return [checkPostgres(facts.version), checkPgvector(facts.pgvectorAvailable, null)];
};

const checkDatabase = async (config: Config): Promise<Check[]> => {
  const kind = config.databaseUrl === undefined ? "embedded (up to 2 GB, one process)" : "given by DATABASE_URL";
  try {
    // In memory: doctor must not take the folder that a server is using. Nor does it make anything on a server.
    const database = await openDatabase({ url: config.databaseUrl, schema: config.schema, makeSchema: false });
    try {
      return [ok("database", kind), ...(await describeDatabase(database))];
    } finally {
      await database.close();
    }
  } catch (error) {
    const [detail, fix] = isHistoError(error)
      ? [error.message, error.fix ?? ""]
      : ["not reachable", "Look at the database server's log."];
    return [{ check: "database", state: "failed", detail: `${kind}: ${detail}`, fix }];
  }
};

const checkReaders = (): Check[] => {
  const { openslide, libvips } = slideBackends();
  const formats = "SVS, NDPI, MRXS, SCN, BIF, VMS and more";
  const readers = [ok("libvips", `${libvips.version}: TIFF, SVS, OME-TIFF, PNG, JPEG`)];
  if (openslide.available) return [...readers, ok("OpenSlide", `${openslide.version}: ${formats}`)];
  const fix = "Install it: apt-get install libopenslide0 · dnf install openslide · brew install openslide";
  return [...readers, { check: "OpenSlide", state: "absent", detail: `needed for ${formats}`, fix }];
};

const PROVIDER_FIXES: Record<Provider, string> = {
  cuda: "For an NVIDIA GPU: install CUDA 12 with cuDNN 9, then: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install",
  webgpu:
    "Needs a GPU with a Vulkan, Metal or Direct3D 12 driver (without a GPU: Mesa's lavapipe, version 25 or newer)",
  cpu: "Reinstall with npm ci.",
};

const MEASURE_SECONDS = 2;
/** Enough for a processor; a card gets what it takes in a run. */
const LEAST_BATCH = 8;
const COMPARED_PATCHES = 4;

/** Nothing is kept: the doctor leaves no trace. */
const forgetful: BatchMemory = { recall: async () => null, remember: async () => {} };

const batchOf = (session: EncoderSession, pixels: Uint8Array) => {
  const side = session.card.inputPixels;
  return { pixels, patches: pixels.length / (side * side * 3), heightPixels: side, widthPixels: side };
};

/** Patches a second, on bytes in memory. */
const throughput = async (session: EncoderSession): Promise<number> => {
  const patches = Math.max(LEAST_BATCH, ...session.devices().map(({ patchesPerRun }) => patchesPerRun));
  const side = session.card.inputPixels;
  const began = performance.now();
  let done = 0;
  const feed = async (): Promise<void> => {
    let pixels: Uint8Array = new Uint8Array(patches * side * side * 3).fill(200);
    while (performance.now() - began < MEASURE_SECONDS * 1000) {
      pixels = (await session.embed(batchOf(session, pixels))).pixels;
      done += patches;
    }
  };
  await Promise.all(Array.from({ length: session.threads + 1 }, feed));
  return (done * 1000) / (performance.now() - began);
};

const percent = (share: number): string => `${(share * 100).toPrecision(2)} %`;

/** What half precision gives on a card, beside what 32 bits gave. */
const describeHalves = async (provider: Provider, single: EncoderSession): Promise<string> => {
  const encoder = await bundledEncoder();
  const half = await createEncoderSession({
    ...encoder,
    ...{ devices: [provider], computeInHalves: true, batchMemory: forgetful, precision: "float32" },
  });
  try {
    if (!half.provider.includes("float16")) return "; no half precision";
    const pixels = () => texturedPatches(COMPARED_PATCHES, encoder.card.inputPixels);
    const [ours, theirs] = [await half.embed(batchOf(half, pixels())), await single.embed(batchOf(single, pixels()))];
    const { largest, mean } = compareVectors(ours.vectors, theirs.vectors, encoder.card.dims);
    await half.tune();
    const perSecond = await throughput(half);
    return `; in half precision ${perSecond.toFixed(0)}, differing by ${percent(largest)} of the largest number at most, ${percent(mean)} on average`;
  } finally {
    await half.close();
  }
};

/** What was chosen, and whether those run that were named. */
const checkDevices = async (config: Config): Promise<Check> => {
  const { devices, providers, precision } = config;
  const chosen = `${devices.join(", ")}: ${providers.join(", then ")}; ${precision} on cards`;
  try {
    await requireDevices(config);
    return ok("devices", chosen);
  } catch (error) {
    const [detail, fix] = isHistoError(error) ? [error.message, error.fix ?? ""] : [chosen, ""];
    return { check: "devices", state: "failed", detail, fix };
  }
};

/** Patches a second of the bundled encoder on every device of a provider. */
const measure = async (provider: Provider): Promise<Check> => {
  const check = `execution provider ${provider}`;
  let session: EncoderSession | undefined;
  try {
    const encoder = await bundledEncoder();
    session = await createEncoderSession({
      ...encoder,
      devices: [provider],
      batchMemory: forgetful,
      precision: "float32",
    });
    await session.tune();
    const perSecond = await throughput(session);
    const places = session
      .devices()
      .map(({ device, hardware, patchesPerRun }) => `${device} (${hardware}, ${patchesPerRun} a run)`)
      .join(", ");
    const halves = provider === "cpu" ? "" : await describeHalves(provider, session);
    return ok(check, `${perSecond.toFixed(0)} patches/s with ${encoder.card.key} on ${places}${halves}`);
  } catch (error) {
    const [, reason = ""] = /asked for: \w+: (.+)$/s.exec(error instanceof Error ? error.message : "") ?? [];
    return {
      check,
      state: provider === "cpu" ? "failed" : "absent",
      detail: `does not run here${reason && `: ${reason}`}`,
      fix: PROVIDER_FIXES[provider],
    };
  } finally {
    await session?.close();
  }
};

/** A graphics card that the processor plays runs, and would take minutes to measure. */
const softwareCard = (): Check | null => {
  const absence = knownAbsence("webgpu", PROVIDERS);
  return absence !== null && knownAbsence("webgpu", ["webgpu"]) === null
    ? ok("execution provider webgpu", `${absence}: taken only where "cpu" is not among the choices`)
    : null;
};

export const doctor = async (args: readonly string[]): Promise<number> => {
  const { values } = parseOptions("doctor", args, { json: { type: "boolean", default: false } });
  const config = readConfig(process.env);
  const checks = [
    checkNode(),
    ok(
      "machine",
      `${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB memory, ${process.platform} ${process.arch}`,
    ),
    ...(await checkDatabase(config)),
    ...checkReaders(),
    await checkDevices(config),
  ];
  const built = new Set(executionProviders().map(({ name }) => name));
  for (const provider of PROVIDERS) {
    checks.push(
      built.has(provider)
        ? (provider === "webgpu" && softwareCard()) || (await measure(provider))
        : {
            check: `execution provider ${provider}`,
            state: "absent",
            detail: "not in this build",
            fix: PROVIDER_FIXES[provider],
          },
    );
  }
  if (values.json) {
    for (const check of checks) print(JSON.stringify(check));
  } else {
    print(
      formatTable(
        ["check", "state", "detail"],
        checks.map(({ check, state, detail }) => [check, state, detail]),
      ),
    );
    const fixes = checks.filter(({ fix }) => fix !== "");
    if (fixes.length > 0) print(`\nWhat to do:\n${fixes.map(({ check, fix }) => `  ${check}: ${fix}`).join("\n")}`);
  }
  return checks.some(({ state }) => state === "failed") ? 1 : 0;
};
