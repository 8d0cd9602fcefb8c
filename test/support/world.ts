import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GraphQLError, graphql } from "graphql";
import pg from "pg";
import type { GraphQLContext } from "../../src/modules/context.ts";
import { createLoaders } from "../../src/modules/loaders.ts";
import { gridPart } from "../../src/modules/patch/patch.service.ts";
import { LOCAL_VIEWER, type Viewer } from "../../src/platform/authorisation.ts";
import { type Config, readConfig } from "../../src/platform/config.ts";
import { encodeId } from "../../src/platform/ids.ts";
import { queryScope } from "../../src/platform/queryScope.ts";
import { createApp, type RunningApp } from "../../src/server/app.ts";
import { createSchema } from "../../src/server/schema.ts";
import { renderCohort } from "../../synthetic/index.ts";

/**
 * A whole HistoQL for a test: real database (embedded and in memory, or one of its own on the server that DATABASE_URL
 * names), real encoder, real slides from the synthetic renderer.
 */
export type World = {
  app: RunningApp;
  folder: string;
  /** Runs a document as GraphQL clients do; data and errors as they would be sent. */
  query<Data = Record<string, never>>(
    document: string,
    variables?: Record<string, unknown>,
    viewer?: Viewer,
  ): Promise<Answer<Data>>;
  /** As `query`, for documents that must succeed. */
  ask<Data = Record<string, never>>(document: string, variables?: Record<string, unknown>): Promise<Data>;
  /** Waits until a job has ended; returns its state. */
  jobEnd(id: string): Promise<string>;
  /** SQL statements of requests since the last call. */
  takeStatements(): string[];
  close(): Promise<void>;
};

export type Answer<Data> = { data: Data | null; errors?: readonly { message: string; code: unknown; fix: unknown }[] };

export type WorldOptions = { config?: Partial<Config>; work?: boolean; roots?: readonly string[] };

const schema = createSchema();

/** A database of its own on a given server, so that test files run beside each other. */
export const ownDatabase = async (url: string): Promise<{ url: string; drop(): Promise<void> }> => {
  const name = `histoql_test_${randomUUID().replaceAll("-", "")}`;
  const run = async (statement: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await run(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => run(`DROP DATABASE ${name} WITH (FORCE)`) };
};

export const createWorld = async (options: WorldOptions = {}): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-test-"));
  const database = process.env.DATABASE_URL ? await ownDatabase(process.env.DATABASE_URL) : undefined;
  let statements: string[] = [];
  const config = readConfig(
    {
      HISTOQL_DATA: join(folder, "data"),
      HISTOQL_PROVIDERS: "cpu",
      HISTOQL_LOG: "silent",
      // Nothing is measured: tests run beside each other.
      HISTOQL_BATCH: "32",
      DATABASE_URL: database?.url,
    },
    { roots: [folder, ...(options.roots ?? [])], ...options.config },
  );
  const app = await createApp(config, {
    inMemory: true,
    work: options.work ?? true,
    // What jobs and timers do meanwhile is their own matter.
    onStatement: (text) => {
      if (queryScope.getStore()) statements.push(text);
    },
  });
  const query: World["query"] = async (document, variables = {}, viewer = LOCAL_VIEWER) => {
    const contextValue: GraphQLContext = {
      app,
      viewer,
      loaders: createLoaders(app),
      baseUrl: "http://histoql.test",
      signal: new AbortController().signal,
    };
    const result = await queryScope.run({ signal: undefined }, () =>
      graphql({ schema, source: document, variableValues: variables, contextValue }),
    );
    const errors = result.errors?.map(({ message, originalError }) => {
      let cause: unknown = originalError;
      while (cause instanceof GraphQLError) cause = cause.originalError;
      const { code, fix } = (cause ?? {}) as { code?: unknown; fix?: unknown };
      return { message, code, fix };
    });
    // Sent answers are JSON; dates and the like take the form that clients see.
    return { data: JSON.parse(JSON.stringify(result.data ?? null)), ...(errors && { errors }) };
  };
  return {
    app,
    folder,
    query,
    async ask(document, variables) {
      const { data, errors } = await query(document, variables);
      if (errors || data === null) throw new Error(`The query failed: ${JSON.stringify(errors)}`);
      return data as never;
    },
    async jobEnd(id) {
      for (;;) {
        const { data } = await query<{ job: { state: string } }>("query($id: ID!) { job(id: $id) { state } }", { id });
        const state = data?.job.state ?? "LOST";
        if (state !== "QUEUED" && state !== "RUNNING") return state;
        await new Promise((wake) => setTimeout(wake, 100));
      }
    },
    takeStatements() {
      const taken = statements;
      statements = [];
      return taken;
    },
    async close() {
      await app.close();
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Renders a small synthetic cohort into the world's folder: `patients` slides of 1024 pixels at 0.5 µm/px. */
export const renderSlides = async (world: World, patients: number, name = "slides"): Promise<string> => {
  const { folder } = await renderCohort({
    folder: join(world.folder, name),
    patients,
    seed: 11,
    edgePixels: 1024,
    concurrency: 2,
  });
  return join(folder, "slides");
};

export const PATIENT_PATTERN = "^(?<patient>SYN-[0-9]+)";

/** Study "glioma" with `patients` registered slides, embedded into feature set "cnn"; returns the ids that tests need. */
export const seedStudy = async (world: World, patients: number): Promise<{ featureSet: string; job: string }> => {
  const slides = await renderSlides(world, patients);
  await world.ask('mutation { createStudy(input: {key: "glioma", name: "Glioma"}) { study { id } } }');
  await world.ask(
    'mutation($path: String!, $pattern: String!) { registerSlides(input: {studyKey: "glioma", paths: [$path], patientPattern: $pattern, stain: IHC}) { errors { code } } }',
    { path: slides, pattern: PATIENT_PATTERN },
  );
  const { embedSlides } = await world.ask<{ embedSlides: { featureSet: { id: string }; job: { id: string } } }>(EMBED);
  const state = await world.jobEnd(embedSlides.job.id);
  if (state !== "SUCCEEDED") throw new Error(`The world's slides were not embedded: ${state}`);
  return { featureSet: embedSlides.featureSet.id, job: embedSlides.job.id };
};

export const EMBED =
  'mutation { embedSlides(input: {slides: {studyKey: "glioma"}, encoderKey: "efficientnet-lite0", featureSetKey: "cnn", grid: {minTissue: 0.1}}) { featureSet { id } job { id } errors { code message fix } } }';

/** Id of a patch of the first slide that has vectors. */
export const anyPatch = async (world: World): Promise<string> => {
  const { rows } = await world.app.database.query<{ x: number; y: number; digest: string; key: string; study: string }>(
    `SELECT patch.x, patch.y, grid.digest, slide.key, study.key AS study
     FROM features.patch JOIN patch_grid AS grid ON grid.id = patch.id / 16777216
     JOIN slide ON slide.id = grid.slide_id JOIN study ON study.id = slide.study_id ORDER BY slide.key, patch.id LIMIT 1`,
  );
  const row = rows[0];
  if (!row) throw new Error("No patch is stored.");
  return encodeId("Patch", row.study, row.key, gridPart(row), row.x, row.y);
};
