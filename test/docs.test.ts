import { execFile } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEMO_HELP } from "../src/commands/demo.ts";
import { DOCTOR_HELP } from "../src/commands/doctor.ts";
import { INGEST_HELP } from "../src/commands/ingest.ts";
import { MIGRATE_HELP } from "../src/commands/migrate.ts";
import { SERVE_HELP } from "../src/commands/serve.ts";
import { WORKER_HELP } from "../src/commands/worker.ts";
import { readConfig } from "../src/platform/config.ts";
import { readHostSettings } from "../src/platform/hosts.ts";
import { encodeId } from "../src/platform/ids.ts";
import { startServer } from "../src/server/start.ts";
import { writeTrident } from "./support/featureFiles.ts";
import { type FileHost, startFileHost } from "./support/fileHost.ts";
import { anyPatch, createWorld, PATIENT_PATTERN, renderSlides, type World } from "./support/world.ts";

/** The documents say only what is so: their commands and queries run, their options, variables, codes and links exist. */

const root = resolve(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const documents = [
  ...[
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "encoders/README.md",
    "tools/encoders/README.md",
    "clients/python/README.md",
  ],
  ...globSync("docs/**/*.md", { cwd: root }).sort(),
];

type Block = { document: string; line: number; language: string; text: string };

const blocksOf = (document: string): Block[] => {
  const text = read(document);
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    document,
    line: text.slice(0, match.index).split("\n").length,
    language: match[1] ?? "",
    text: match[2] ?? "",
  }));
};

const blocks = documents.flatMap(blocksOf);
const place = ({ document, line }: Block): string => `${document}:${line}`;
const inLanguage = (language: string): Block[] => blocks.filter((block) => block.language === language);

const BUCKET_KEY = { accessKeyId: "histoql", secretAccessKey: "secret" };

/** A table with the columns of TCGA's that the documents name; lower-grade patients with IDH1 mutations live longest. */
const gliomaTable = (patients: number): string => {
  const rows = Array.from({ length: patients }, (_, index) => {
    const age = 30 + ((index * 37) % 50);
    const isGlioblastoma = index % 2;
    const isMutant = Number(index % 5 < 3 - 2 * isGlioblastoma);
    const months = 4 + ((index * 53) % 31) * (1 + isMutant) * (2 - isGlioblastoma) * (1.6 - age / 100);
    const key = `TCGA-06-${String(index).padStart(4, "0")}`;
    const code = ["AASTR", "GBM", "ODG", "GBM"][index % 4];
    const amplified = index % 7 === 0 ? "" : index % 3;
    return [
      key,
      `${key}-01Z-00-DX9.svs`,
      age,
      months.toFixed(2),
      Number(index % 6 === 0),
      index % 3 && 1,
      code,
      amplified,
      isMutant,
    ];
  });
  const header = "case_id,slide_id,age,survival_months,censorship,is_female,oncotree_code,EGFR_cnv,IDH1_mut";
  return `${[header, ...rows].join("\n")}\n`;
};

describe("what the documents ask of the graph", () => {
  let world: World;
  let server: { url: string; close(): Promise<void> };
  let bucket: FileHost;
  /** What a reader would put in the place of `"<…>"`. */
  let ids: Record<string, unknown>;

  const sendTable = async (table: string): Promise<string> => {
    const { createUpload } = await world.ask<{ createUpload: { upload: { id: string; url: string } } }>(
      'mutation($bytes: Int!) { createUpload(input: { name: "table.csv", bytes: $bytes }) { upload { id url } } }',
      { bytes: Buffer.byteLength(table) },
    );
    const { pathname, search } = new URL(createUpload.upload.url);
    const sent = await fetch(`${server.url}${pathname}${search}`, { method: "PUT", body: table });
    expect(sent.status).toBe(204);
    return createUpload.upload.id;
  };

  beforeAll(async () => {
    bucket = await startFileHost({ s3: BUCKET_KEY });
    const hosts = readHostSettings({
      hosts: ["s3://tumour-bank/glioma/"],
      tokens: [],
      endpoint: bucket.origin,
      region: "us-east-1",
      ...BUCKET_KEY,
      sessionToken: undefined,
    });
    world = await createWorld({ config: { port: 0, hosts }, roots: [join(root, "encoders")] });
    const slides = await renderSlides(world, 4, "cohort");
    const table = readFileSync(join(slides, "../clinical.csv"), "utf8");
    mkdirSync(join(world.folder, "my-slides"));
    cpSync(join(slides, "SYN-0002-01.tif"), join(world.folder, "my-slides", "TCGA-06-0002-01Z-00-DX1.tif"));
    // A picture that does not know its resolution: it fails until someone tells, as the document says.
    await sharp(join(slides, "SYN-0001-01.tif")).toFile(join(world.folder, "my-slides", "TCGA-06-0001-01Z-00-DX1.png"));
    bucket.files.set("/tumour-bank/glioma/2024/TCGA-06-0003.tif", readFileSync(join(slides, "SYN-0003-01.tif")));
    writeFileSync(join(world.folder, "tcga_gbmlgg_clinical.csv"), gliomaTable(80));
    mkdirSync(join(world.folder, "features/uni"), { recursive: true });
    const imported = "TCGA-06-0005-01Z-00-DX1";
    const features = Float32Array.from({ length: 32 }, (_, index) => Math.sin(index));
    await writeTrident(join(world.folder, "features/uni", `${imported}.h5`), imported, features, 8);
    await world.ask('mutation { createStudy(input: { key: "synthetic", name: "SYNTHETIC" }) { study { id } } }');
    await world.ask(
      `mutation($paths: [String!]!, $pattern: String!) {
        registerSlides(input: { studyKey: "synthetic", paths: $paths, patientPattern: $pattern }) { errors { code } }
      }`,
      { paths: [slides], pattern: PATIENT_PATTERN },
    );
    await world.ask(
      `mutation($table: String!) {
        importClinical(input: {
          studyKey: "synthetic", text: $table, patientColumn: "patient_id", slideColumn: "slide_id"
          endpoints: [{ key: "os", timeColumn: "os_days", eventColumn: "os_event", eventValues: ["1"] }]
        }) { errors { code } }
      }`,
      { table },
    );
    const { embedSlides } = await world.ask<{ embedSlides: { featureSet: { id: string }; job: { id: string } } }>(
      `mutation {
        embedSlides(input: { slides: { studyKey: "synthetic" }, encoderKey: "efficientnet-lite0", featureSetKey: "efficientnet-lite0", preprocessing: { qualityControl: true } }) {
          featureSet { id } job { id }
        }
      }`,
    );
    expect(await world.jobEnd(embedSlides.job.id)).toBe("SUCCEEDED");
    const { buildCodebook } = await world.ask<{ buildCodebook: { job: { id: string } } }>(
      "mutation($set: ID!) { buildCodebook(input: { featureSet: $set, scope: STUDY, clusters: 3 }) { job { id } } }",
      { set: embedSlides.featureSet.id },
    );
    expect(await world.jobEnd(buildCodebook.job.id)).toBe("SUCCEEDED");
    const { study } = await world.ask<{ study: { codebooks: { id: string; phenotypes: { id: string }[] }[] } }>(
      '{ study(key: "synthetic") { codebooks { id phenotypes { id } } } }',
    );
    const [codebook] = study.codebooks;
    server = await startServer(world.app);
    ids = {
      codebook: codebook?.id,
      phenotype: codebook?.phenotypes[0]?.id,
      slide: encodeId("Slide", "synthetic", "SYN-0002-01"),
      model: encodeId("MilModel", "synthetic", "os-attention"),
      upload: await sendTable("case_id,age\nTCGA-06-0000,41\n"),
      glioblastoma: encodeId("Cohort", "tcga", "glioblastoma"),
      lowerGrade: encodeId("Cohort", "tcga", "lower-grade"),
      featureSet: embedSlides.featureSet.id,
      job: embedSlides.job.id,
      patch: await anyPatch(world),
      vector: Buffer.from(new Float32Array(672).fill(1).buffer).toString("base64"),
    };
  });
  afterAll(async () => {
    await server?.close();
    await world?.close();
    await bucket?.close();
  });

  /** The JSON block that follows a query holds its variables; `"<…>"` stands for something of the reader's own. */
  const variablesOf = (block: Block): Record<string, unknown> => {
    const next = blocks[blocks.indexOf(block) + 1];
    if (next?.language !== "json" || next.document !== block.document) return {};
    const values = JSON.parse(next.text) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        typeof value === "string" && value.startsWith("<") ? ids[name] : value,
      ]),
    );
  };

  it("is answered without an error", async () => {
    const queries = inLanguage("graphql");
    expect(queries.length).toBeGreaterThan(10);
    const jobEnds: string[] = [];
    for (const block of queries.filter(({ text }) => !text.startsWith("subscription"))) {
      const answer = await world.query<
        Record<string, { errors?: unknown[]; conflicts?: unknown[]; job?: { id: string } | null }>
      >(block.text, variablesOf(block));
      expect(answer.errors, place(block)).toBeUndefined();
      for (const [field, value] of Object.entries(answer.data ?? {})) {
        expect(value, `${place(block)} ${field}`).not.toBeNull();
        expect(value.errors ?? [], `${place(block)} ${field}`).toEqual([]);
        expect(value.conflicts ?? [], `${place(block)} ${field}`).toEqual([]);
        if (!block.text.includes("mutation") || !value.job) continue;
        ids.job = value.job.id;
        jobEnds.push(await world.jobEnd(value.job.id));
      }
    }
    expect(
      jobEnds,
      "importFeatures; trainMilModel, scoreMilModel; embedSlides, retryJob after setSlideResolution, embedSlides; buildCodebook; reduceFeatureSet",
    ).toEqual([
      "SUCCEEDED",
      "SUCCEEDED",
      "SUCCEEDED",
      "PARTLY_FAILED",
      "SUCCEEDED",
      "SUCCEEDED",
      "SUCCEEDED",
      "SUCCEEDED",
    ]);
  });

  const run = promisify(execFile);
  const served = (text: string): string =>
    text.replaceAll("http://127.0.0.1:4000", server.url).replaceAll("<id of a job>", String(ids.job));

  it("is followed where it is a subscription", async () => {
    const subscriptions = inLanguage("graphql").filter(({ text }) => text.startsWith("subscription"));
    expect(subscriptions.length).toBeGreaterThan(0);
    for (const block of subscriptions) {
      const response = await fetch(`${server.url}/graphql/stream`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: block.text, variables: variablesOf(block) }),
      });
      expect(await response.text(), place(block)).toMatch(/"state":"SUCCEEDED".*\n\nevent: complete\ndata:\n\n$/);
    }
  });
  const python = process.platform === "win32" ? "python" : "python3";

  it("runs from Python as it stands", async (context) => {
    const hasPython = await run(python, ["--version"]).then(
      () => true,
      () => false,
    );
    if (!hasPython) context.skip(`${python} is not installed`);
    // What needs packages is run by the tests of clients/python.
    const scripts = inLanguage("python").filter(({ document }) => document !== "docs/python.md");
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) {
      const { stdout } = await run(python, ["-c", served(script.text)]);
      expect(stdout, place(script)).toMatch(/SYN-\d{4}/);
    }
  });

  it("runs from the shell as it stands", async (context) => {
    if (!existsSync("/usr/bin/curl")) context.skip("curl is not installed");
    const scripts = inLanguage("sh").filter(({ text }) => text.includes("curl"));
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) {
      const { stdout } = await run("bash", ["-euc", served(script.text)]);
      if (script.text.includes("/graphql/stream")) {
        expect(stdout, place(script)).toMatch(/^event: next\ndata: \{"data".*\n\nevent: complete$/m);
        continue;
      }
      const answer = JSON.parse(stdout) as { data: unknown; errors?: unknown };
      expect(answer.errors, place(script)).toBeUndefined();
      expect(answer.data, place(script)).toBeTruthy();
    }
  });
});

describe("what the documents name", () => {
  const everything = documents.map((path) => ({ path, text: read(path) }));
  const scripts = Object.keys((JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts);
  const help: Record<string, string> = {
    demo: DEMO_HELP + INGEST_HELP,
    doctor: DOCTOR_HELP,
    ingest: INGEST_HELP,
    migrate: MIGRATE_HELP,
    serve: SERVE_HELP,
    worker: WORKER_HELP,
  };

  const found = (pattern: RegExp) =>
    everything.flatMap(({ path, text }) => [...text.matchAll(pattern)].map((match) => ({ path, match })));

  it("are scripts of the package", () => {
    const named = found(/\bnpm run (?:-s )?([\w:-]+)/g).map(({ match }) => match[1] ?? "");
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
    expect(named).toEqual(expect.arrayContaining(["demo", "serve", "doctor", "bench", "check"]));
  });

  it("are commands and options that the help texts tell", () => {
    const calls = found(
      /(?:\bhistoql|npm run (?:histoql -- )?)[ ]?(demo|doctor|ingest|migrate|serve|worker)\b([^`\n]*)/g,
    );
    expect(calls.length).toBeGreaterThan(10);
    const unknown = calls.flatMap(({ path, match }) =>
      [...(match[2] ?? "").matchAll(/\s--([a-z][a-z-]*)/g)]
        .map(([, option]) => option ?? "")
        .filter((option) => option !== "help" && !help[match[1] ?? ""]?.includes(`--${option}`))
        .map((option) => `${path}: ${match[1]} --${option}`),
    );
    expect(unknown).toEqual([]);
    const commands = found(/\bhistoql ([a-z]+)\b(?=[^`\n]*[`\n])/g).filter(({ match }) => /[`\n]/.test(match[0]));
    expect(commands.filter(({ match }) => !Object.hasOwn(help, match[1] ?? ""))).toEqual([]);
  });

  it("are the environment variables of the configuration, each with its default", () => {
    const variable = /\b(?:HISTOQL_[A-Z_]+|DATABASE_URL)\b/g;
    const known = new Set(read("src/platform/config.ts").match(variable));
    const ofTools = new Set(
      ["tools/postgres.sh", "tools/python.sh", "bench/python.ts"].flatMap((path) => read(path).match(variable) ?? []),
    );
    const named = found(variable).map(({ match }) => match[0]);
    expect(named.filter((name) => !known.has(name) && !ofTools.has(name))).toEqual([]);

    const table = read("docs/configuration.md");
    const rows = new Map([...table.matchAll(/^\| `([A-Z_]+)` \|.*\| (.*) \|$/gm)].map((row) => [row[1], row[2]]));
    expect([...rows.keys()].sort()).toEqual([...known].sort());
    const defaults = readConfig({});
    expect(Object.fromEntries(rows)).toMatchObject({
      HISTOQL_SCHEMA: `\`${defaults.schema}\``,
      HISTOQL_HOST: `\`${defaults.host}\``,
      HISTOQL_PORT: `\`${defaults.port}\``,
      HISTOQL_PROVIDERS: `\`${defaults.providers.join(",")}\``,
      HISTOQL_DEVICES: `\`${defaults.devices.join(",")}\``,
      HISTOQL_LOG: `\`${defaults.logLevel}\``,
      HISTOQL_BATCH: defaults.batchSize ?? "none",
      HISTOQL_PRECISION: `\`${defaults.precision}\``,
      HISTOQL_STORE_MAX_BYTES: `\`${defaults.storeMaxBytes}\``,
    });
    expect(resolve(rows.get("HISTOQL_DATA")?.replaceAll("`", "") ?? "")).toBe(defaults.dataFolder);
  });

  it("are codes of the schema", () => {
    const schema = read("schema.graphql");
    const codes = found(/`([A-Z]+(?:_[A-Z]+)+)`/g).filter(
      ({ match }) =>
        !/^(HISTOQL|DATABASE|AWS|NODE|UV|SSL)_/.test(match[1] ?? "") && !new RegExp(`\\b${match[1]}\\b`).test(schema),
    );
    expect(codes.map(({ path, match }) => `${path}: ${match[1]}`)).toEqual([]);
  });

  const anchorsOf = (text: string): string[] =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      (heading ?? "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );

  it("are files and headings that exist", () => {
    const dead = found(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g).filter(({ path, match }) => {
      const target = match[1] ? join(dirname(path), match[1]) : path;
      if (!existsSync(join(root, target))) return true;
      return match[2] !== undefined && !anchorsOf(read(target)).includes(match[2]);
    });
    expect(dead.map(({ path, match }) => `${path}: ${match[0]}`)).toEqual([]);
    const paths = found(/`((?:src|docs|tools|bench|test|encoders|synthetic)\/[\w./-]+\.\w+)`/g);
    expect(paths.filter(({ match }) => !existsSync(join(root, match[1] ?? ""))).map(({ match }) => match[0])).toEqual(
      [],
    );
  });
});
