import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tissueTiff, withBrokenTile, writeTissue } from "./support/files.ts";
import { createWorld, type World } from "./support/world.ts";

/** Jobs that need others: slides that fail alone, what waits for slides, and what is done again when something is mended. */

let world: World;

beforeAll(async () => {
  world = await createWorld({ config: { batchSize: 8 } });
  await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
  await mkdir(join(world.folder, "cohort"));
  for (let index = 1; index <= 5; index++) {
    await writeTissue(join(world.folder, `cohort/good${index}.tif`), { seed: index });
  }
  await writeFile(join(world.folder, "cohort/holes.tif"), withBrokenTile(await tissueTiff({ seed: 6 }), 3));
  await writeTissue(join(world.folder, "cohort/unmeasured.tif"), { seed: 7, micronsPerPixel: null });
  const whole = await tissueTiff({ seed: 8 });
  await writeFile(join(world.folder, "cohort/short.tif"), whole.subarray(0, Math.floor(whole.length * 0.6)));
  await writeTissue(join(world.folder, "cohort/cut.tif"), { seed: 10 });
});
afterAll(() => world.close());

type Failed = { code: string; message: string; fix: string; slide: { key: string } | null };
type Answer = { job: { id: string } | null; errors: { code: string; message: string }[] };

const register = async (path: string) => {
  const { registerSlides } = await world.ask<{ registerSlides: { errors: { code: string; message: string }[] } }>(
    'mutation($path: String!) { registerSlides(input: {studyKey: "study", paths: [$path]}) { errors { code message } } }',
    { path: join(world.folder, path) },
  );
  return registerSlides.errors;
};

const embed = async (
  featureSetKey: string,
  keys?: string[],
  patchSize = 128,
): Promise<{ set: string; job: string }> => {
  const { embedSlides } = await world.ask<{ embedSlides: Answer & { featureSet: { id: string } } }>(
    "mutation($input: EmbedSlidesInput!) { embedSlides(input: $input) { featureSet { id } job { id } errors { code message } } }",
    {
      input: {
        slides: { studyKey: "study", ...(keys && { keys }) },
        encoderKey: "efficientnet-lite0",
        featureSetKey,
        grid: { patchSize, tissue: "NONE", minTissue: 0 },
      },
    },
  );
  expect(embedSlides.errors).toEqual([]);
  return { set: embedSlides.featureSet.id, job: embedSlides.job?.id ?? "" };
};

const failures = async (id: string): Promise<Failed[]> => {
  const { job } = await world.ask<{ job: { failures: { nodes: Failed[]; totalCount: number } } }>(
    "query($id: ID!) { job(id: $id) { failures { totalCount nodes { code message fix slide { key } } } } }",
    { id },
  );
  expect(job.failures.totalCount).toBe(job.failures.nodes.length);
  return job.failures.nodes;
};

const change = async (mutation: "cancelJob" | "retryJob", id: string): Promise<void> => {
  const answer = await world.ask<Record<string, { errors: { code: string }[] }>>(
    `mutation($id: ID!) { ${mutation}(id: $id) { errors { code message } } }`,
    { id },
  );
  expect(answer[mutation]?.errors).toEqual([]);
};

/** Parts of a job: kind, slide, state, how often it was begun and when it ended. */
const parts = async (id: string) => {
  const { job } = await world.ask<{
    job: { progress: { done: number; total: number }; children: { nodes: { id: string }[] } };
  }>("query($id: ID!) { job(id: $id) { progress { done total } children(first: 100) { nodes { id } } } }", { id });
  const { rows } = await world.app.database.query<{
    kind: string;
    slide: string;
    state: string;
    runs: number;
    ended: string | null;
  }>(
    `SELECT job.kind, slide.key AS slide, job.state, job.attempts AS runs, job.finished_at::text AS ended FROM job JOIN slide ON slide.id = job.slide_id
     WHERE job.parent_id = $1 ORDER BY job.kind, slide.key`,
    [JSON.parse(Buffer.from(id, "base64url").toString())[1]],
  );
  expect(job.children.nodes).toHaveLength(rows.length);
  return { progress: job.progress, rows };
};

const jobState = async (id: string): Promise<string> =>
  (await world.ask<{ job: { state: string } }>("query($id: ID!) { job(id: $id) { state } }", { id })).job.state;

describe("a folder of good and bad slides", () => {
  let job: string;

  it("goes in but for what is bad, each with its code", async () => {
    expect(await register("cohort")).toMatchObject([{ code: "SLIDE_CORRUPT" }]);
    // One is truncated where it lies before its turn has come.
    await truncate(join(world.folder, "cohort/cut.tif"), 50_000);
    job = (await embed("cohort")).job;
    expect(await world.jobEnd(job)).toBe("PARTLY_FAILED");
    const failed = await failures(job);
    expect(Object.fromEntries(failed.map(({ slide, code }) => [slide?.key, code]))).toEqual({
      cut: "CONFLICT",
      holes: "SLIDE_CORRUPT",
      unmeasured: "RESOLUTION_UNKNOWN",
    });
    // One for a slide, although two of its steps failed.
    expect(failed).toHaveLength(3);
    expect(failed.find(({ slide }) => slide?.key === "unmeasured")?.fix).toContain("setSlideResolution");
    const { progress, rows } = await parts(job);
    expect(progress).toEqual({ done: 8, total: 8 });
    expect(rows.map(({ kind, slide, state }) => `${kind} ${slide} ${state}`)).toEqual([
      "TILE cut FAILED",
      ...[1, 2, 3, 4, 5].map((index) => `TILE good${index} SUCCEEDED`),
      "TILE holes SUCCEEDED",
      "TILE unmeasured FAILED",
      "EMBED cut FAILED",
      ...[1, 2, 3, 4, 5].map((index) => `EMBED good${index} SUCCEEDED`),
      "EMBED holes FAILED",
      "EMBED unmeasured FAILED",
    ]);
  });

  it("is finished by retryJob when they are mended, which does only those", async () => {
    await writeTissue(join(world.folder, "cohort/holes.tif"), { seed: 6 });
    expect(await register("cohort/holes.tif")).toEqual([]);
    await writeTissue(join(world.folder, "cohort/cut.tif"), { seed: 10 });
    await world.ask(
      'mutation { setSlideResolution(input: {slide: {key: {studyKey: "study", key: "unmeasured"}}, micronsPerPixel: 0.5}) { errors { code } } }',
    );
    const before = await parts(job);
    const ended = before.rows.filter(({ state }) => state === "SUCCEEDED");
    expect(ended).toHaveLength(11);
    await change("retryJob", job);
    expect(await world.jobEnd(job)).toBe("SUCCEEDED");
    expect(await failures(job)).toEqual([]);
    const { progress, rows } = await parts(job);
    expect(progress).toEqual({ done: 8, total: 8 });
    expect(rows.every(({ state }) => state === "SUCCEEDED")).toBe(true);
    expect(rows.filter(({ runs }) => runs !== 1).map(({ kind, slide, runs }) => `${kind} ${slide} ${runs}`)).toEqual([
      "TILE cut 2",
      "TILE unmeasured 2",
      "EMBED holes 2",
    ]);
    // Not one of them has ended a second time.
    expect(rows).toEqual(expect.arrayContaining(ended));
    const { rows: vectors } = await world.app.database.query<{ slides: number; complete: boolean }>(
      "SELECT count(*)::int AS slides, bool_and(is_complete) AS complete FROM slide_features WHERE vectors = checkpoint",
    );
    expect(vectors).toEqual([{ slides: 8, complete: true }]);
  });

  it("asked for again is done already, and one slide more is all that is planned for it", async () => {
    expect((await embed("cohort")).job).toBe("");
    const whole = await tissueTiff({ seed: 8 });
    await writeFile(join(world.folder, "cohort/short.tif"), whole);
    expect(await register("cohort/short.tif")).toEqual([]);
    const { job: more } = await embed("cohort");
    const { rows } = await parts(more);
    expect(rows.map(({ kind, slide }) => `${kind} ${slide}`)).toEqual(["TILE short", "EMBED short"]);
    expect(await world.jobEnd(more)).toBe("SUCCEEDED");
  });

  it("is not tiled again for another encoder's or set's sake", async () => {
    const { job: other } = await embed("other", ["good1", "good2"]);
    const { rows } = await parts(other);
    expect(rows.map(({ kind }) => kind)).toEqual(["EMBED", "EMBED"]);
    expect(await world.jobEnd(other)).toBe("SUCCEEDED");
  });
});

describe("what is asked for while slides are still being embedded", () => {
  const GOOD = ["good1", "good2", "good3"];

  const ask = async (mutation: string, type: string, input: Record<string, unknown>): Promise<string> => {
    const answer = await world.ask<Record<string, Answer>>(
      `mutation($input: ${type}!) { ${mutation}(input: $input) { job { id } errors { code message } } }`,
      { input },
    );
    expect(answer[mutation]?.errors).toEqual([]);
    return answer[mutation]?.job?.id ?? "";
  };

  it("waits for them, is asked for twice and done once, and has all of them", async () => {
    const { set, job } = await embed("chain", GOOD, 64);
    const codebook = { featureSet: set, scope: "STUDY", clusters: 4, seed: 1 };
    const reduced = { featureSet: set, key: "chain-pca", components: 8 };
    const asked = [
      await ask("buildCodebook", "BuildCodebookInput", codebook),
      await ask("reduceFeatureSet", "ReduceFeatureSetInput", reduced),
      await ask("buildSearchIndex", "BuildSearchIndexInput", { featureSet: set }),
    ];
    expect(await ask("buildCodebook", "BuildCodebookInput", codebook)).toBe(asked[0]);
    expect(await ask("reduceFeatureSet", "ReduceFeatureSetInput", reduced)).toBe(asked[1]);
    expect(await ask("buildSearchIndex", "BuildSearchIndexInput", { featureSet: set })).toBe(asked[2]);
    const { job: waiting } = await world.ask<{ job: { state: string; progress: { message: string } } }>(
      "query($id: ID!) { job(id: $id) { state progress { message } } }",
      { id: asked[0] },
    );
    expect(waiting).toMatchObject({ state: "QUEUED", progress: { message: "Waits for 3 jobs to end" } });
    for (const id of asked) expect(await world.jobEnd(id)).toBe("SUCCEEDED");
    expect(await jobState(job)).toBe("SUCCEEDED");
    const { rows } = await world.app.database.query<{ slides: number; patches: number }>(
      `SELECT (SELECT count(*)::int FROM codebook_slide) AS slides,
         (SELECT sum(vectors)::int FROM slide_features AS made JOIN feature_set ON feature_set.id = made.feature_set_id
          WHERE feature_set.key = 'chain-pca') AS patches`,
    );
    expect(rows).toEqual([{ slides: 3, patches: 3 * 256 }]);
    const { job: result } = await world.ask<{ job: { result: { __typename: string } } }>(
      "query($id: ID!) { job(id: $id) { result { __typename } } }",
      { id: asked[0] },
    );
    expect(result.result.__typename).toBe("Codebook");
  });

  it("fails when one of them does, says why, and goes through when that is mended and it is retried", async () => {
    await writeTissue(join(world.folder, "blind.tif"), { seed: 9, micronsPerPixel: null });
    expect(await register("blind.tif")).toEqual([]);
    const { set, job } = await embed("blind", ["good1", "blind"]);
    const codebook = await ask("buildCodebook", "BuildCodebookInput", { featureSet: set, scope: "STUDY", clusters: 2 });
    expect(await world.jobEnd(codebook)).toBe("FAILED");
    expect(await failures(codebook)).toMatchObject([
      {
        code: "RESOLUTION_UNKNOWN",
        message: expect.stringMatching(/^This needs slide "blind", which failed: Slide "blind" does not say/),
        fix: expect.stringMatching(/setSlideResolution.*retryJob tries again what failed before this/),
        slide: { key: "blind" },
      },
    ]);
    expect(await world.jobEnd(job)).toBe("PARTLY_FAILED");
    await world.ask(
      'mutation { setSlideResolution(input: {slide: {key: {studyKey: "study", key: "blind"}}, micronsPerPixel: 0.5}) { errors { code } } }',
    );
    await change("retryJob", codebook);
    expect(await world.jobEnd(codebook)).toBe("SUCCEEDED");
    expect(await jobState(job)).toBe("SUCCEEDED");
    expect(await failures(job)).toEqual([]);
    const { rows } = await parts(job);
    expect(rows.map(({ kind, slide, runs }) => `${kind} ${slide} ${runs}`)).toEqual([
      "TILE blind 2",
      "EMBED blind 1",
      "EMBED good1 1",
    ]);
  });

  it("is cancelled with them", async () => {
    const { set, job } = await embed("cancelled", GOOD, 64);
    const codebook = await ask("buildCodebook", "BuildCodebookInput", { featureSet: set, scope: "STUDY", clusters: 3 });
    await change("cancelJob", job);
    const { job: cancelled } = await world.ask<{ job: { state: string; progress: { message: string | null } } }>(
      "query($id: ID!) { job(id: $id) { state progress { message } } }",
      { id: codebook },
    );
    expect(cancelled).toEqual({ state: "CANCELLED", progress: { message: null } });
    expect(await jobState(job)).toBe("CANCELLED");
    await change("retryJob", codebook);
    expect(await world.jobEnd(codebook)).toBe("SUCCEEDED");
  });

  it("is assigned to a codebook that was there before, also when the last of the slides fails", async () => {
    await writeTissue(join(world.folder, "tiny.tif"), { edgePixels: 256, seed: 11 });
    // It fails in its middle, long after the tiny one is done.
    const tall = await tissueTiff({ edgePixels: 2048, widthPixels: 512, seed: 12 });
    await writeFile(join(world.folder, "tall.tif"), withBrokenTile(tall));
    for (const file of ["tiny.tif", "tall.tif"]) expect(await register(file)).toEqual([]);
    const { set, job } = await embed("followed", ["good1"], 64);
    const codebook = await ask("buildCodebook", "BuildCodebookInput", { featureSet: set, scope: "STUDY", clusters: 2 });
    for (const id of [job, codebook]) expect(await world.jobEnd(id)).toBe("SUCCEEDED");
    const { job: more } = await embed("followed", ["tiny", "tall"], 64);
    expect(await world.jobEnd(more)).toBe("PARTLY_FAILED");
    const assigned = async () => {
      const { rows } = await world.app.database.query<{ key: string }>(
        `SELECT slide.key FROM codebook_slide JOIN slide ON slide.id = codebook_slide.slide_id
         JOIN codebook_build AS build ON build.id = codebook_slide.build_id
         JOIN feature_set ON feature_set.id = build.feature_set_id WHERE feature_set.key = 'followed' ORDER BY slide.key`,
      );
      return rows.map(({ key }) => key);
    };
    await expect.poll(assigned, { timeout: 15_000 }).toEqual(["good1", "tiny"]);
  });

  it("is refused as ever where nothing is under way", async () => {
    const answer = await world.ask<{ embedSlides: { featureSet: { id: string }; job: { id: string } } }>(
      'mutation { embedSlides(input: {slides: {studyKey: "study", keys: ["good1"]}, encoderKey: "efficientnet-lite0", featureSetKey: "empty", grid: {tissue: NONE}}) { featureSet { id } job { id } } }',
    );
    await world.query("mutation($id: ID!) { cancelJob(id: $id) { errors { code } } }", {
      id: answer.embedSlides.job.id,
    });
    const { buildSearchIndex } = await world.ask<{ buildSearchIndex: Answer }>(
      "mutation($set: ID!) { buildSearchIndex(input: {featureSet: $set}) { job { id } errors { code message } } }",
      { set: answer.embedSlides.featureSet.id },
    );
    expect(buildSearchIndex.errors).toMatchObject([{ code: "CONFLICT" }]);
  });

  it("shares a tiling that two feature sets need, which outlives the one that asked first", async () => {
    const first = await embed("share-1", ["good4"], 96);
    const second = await embed("share-2", ["good4"], 96);
    const { rows } = await parts(second.job);
    expect(rows.map(({ kind }) => kind)).toEqual(["EMBED"]);
    await world.query("mutation($id: ID!) { cancelJob(id: $id) { errors { code } } }", { id: first.job });
    expect(await world.jobEnd(second.job)).toBe("SUCCEEDED");
  });
});
