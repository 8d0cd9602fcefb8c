/**
 * One run of the product as a user has it: server, embedded database on disk, one slide embedded by mutation while a
 * client asks for metadata. Prints JSON. A process of its own, so that its peak memory is its own.
 */
import "../src/platform/threadPool.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { readConfig } from "../src/platform/config.ts";
import { createApp } from "../src/server/app.ts";
import { startServer } from "../src/server/start.ts";
import { percentile } from "./figure.ts";

const [warmUp = "", slide = "", mode = "asked", preprocessing = "{}"] = process.argv.slice(2);
/** Asks for metadata meanwhile; left out where throughput is measured, because the client runs on the same cores. */
const asks = mode === "asked";
const folder = await mkdtemp(join(dirname(slide), "run-"));
const config = readConfig(
  { ...process.env, HISTOQL_DATA: folder, HISTOQL_PORT: "0", HISTOQL_LOG: "error", HISTOQL_PROVIDERS: "cpu" },
  { roots: [dirname(slide)] },
);
const app = await createApp(config);
const server = await startServer(app);

const ask = async <Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> => {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
  if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
  return data;
};

const METADATA = `query($study: String!) { study(key: $study) { name patients { totalCount nodes { key slides { nodes { key image { widthPixels } grids { patches } } } } } featureSets { vectors } } }`;
const EMBED = `mutation($study: String!, $preprocessing: PreprocessingInput!) { embedSlides(input: {slides: {studyKey: $study}, encoderKey: "efficientnet-lite0", featureSetKey: "cnn", grid: {tissue: NONE, minTissue: 0}, preprocessing: $preprocessing}) { job { id } errors { message } } }`;

const embed = async (
  study: string,
  path: string,
): Promise<{ seconds: number; patches: number; latenciesMs: number[] }> => {
  await ask("mutation($key: String!) { createStudy(input: {key: $key, name: $key}) { errors { code } } }", {
    key: study,
  });
  await ask(
    "mutation($study: String!, $path: String!) { registerSlides(input: {studyKey: $study, paths: [$path]}) { errors { message } } }",
    { study, path },
  );
  const { embedSlides } = await ask<{ embedSlides: { job: { id: string } } }>(EMBED, {
    study,
    preprocessing: JSON.parse(preprocessing),
  });
  const latenciesMs: number[] = [];
  for (;;) {
    if (asks) {
      const began = performance.now();
      await ask(METADATA, { study });
      latenciesMs.push(performance.now() - began);
    }
    const { job } = await ask<{ job: { state: string } }>("query($id: ID!) { job(id: $id) { state } }", {
      id: embedSlides.job.id,
    });
    if (job.state !== "QUEUED" && job.state !== "RUNNING") {
      if (job.state !== "SUCCEEDED") throw new Error(`The job ended as ${job.state}.`);
      break;
    }
    await new Promise((wake) => setTimeout(wake, 500));
  }
  const { rows } = await app.database.query<{ seconds: number; patches: number }>(
    `SELECT extract(epoch FROM child.finished_at - child.started_at)::float8 AS seconds, child.done AS patches
     FROM job AS child JOIN study ON study.id = child.study_id WHERE study.key = $1 AND child.parent_id IS NOT NULL AND child.kind = 'EMBED'`,
    [study],
  );
  const row = rows[0] as { seconds: number; patches: number };
  return { ...row, latenciesMs };
};

await embed("warm-up", warmUp);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const { seconds, patches, latenciesMs } = await embed("bench", slide);
delay.disable();
await server.close();
await app.close();
await rm(folder, { recursive: true, force: true });
process.stdout.write(
  JSON.stringify({
    patches,
    patchesPerSecond: patches / seconds,
    eventLoopBlockMs: delay.max / 1e6,
    eventLoopP99Ms: delay.percentile(99) / 1e6,
    metadataP95Ms: asks ? percentile(latenciesMs, 0.95) : null,
    peakRssMegabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
