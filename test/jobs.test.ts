import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeTissue } from "./support/files.ts";
import { createWorld, type World } from "./support/world.ts";

/** Jobs that are cancelled, retried and asked for at the same time, on real slides with real vectors. */

const PATCHES = 16 * 16;

let world: World;

beforeAll(async () => {
  world = await createWorld({ config: { batchSize: 8 } });
  await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
  for (const [index, key] of ["a", "b"].entries()) {
    await writeTissue(join(world.folder, `${key}.tif`), { seed: index });
  }
  await world.ask(
    'mutation { registerSlides(input: {studyKey: "study", paths: ["a.tif", "b.tif"]}) { errors { code } } }',
  );
});
afterAll(() => world.close());

type Embedded = { job: { id: string } | null; errors: { code: string }[] };

/** 64-pixel patches: so many that there is a middle to stop in. */
const embed = async (featureSetKey: string, keys: string[]): Promise<Embedded> => {
  const { embedSlides } = await world.ask<{ embedSlides: Embedded }>(
    "mutation($input: EmbedSlidesInput!) { embedSlides(input: $input) { job { id } errors { code } } }",
    {
      input: {
        slides: { studyKey: "study", keys },
        encoderKey: "efficientnet-lite0",
        featureSetKey,
        grid: { patchSize: 64, tissue: "NONE" },
      },
    },
  );
  return embedSlides;
};

const change = async (mutation: "cancelJob" | "retryJob", id: string) => {
  const answer = await world.ask<Record<string, { job: { state: string } | null; errors: { code: string }[] }>>(
    `mutation($id: ID!) { ${mutation}(id: $id) { job { state } errors { code fix } } }`,
    { id },
  );
  return answer[mutation];
};

type Place = { id: number; checkpoint: number; vectors: number; stored: number; distinct: number; complete: boolean };

/** Where each slide of a feature set stands, by what is counted and by what is there. */
const places = async (featureSetKey: string): Promise<Place[]> => {
  const { rows } = await world.app.database.query<{ id: number }>("SELECT id FROM feature_set WHERE key = $1", [
    featureSetKey,
  ]);
  const id = rows[0]?.id ?? 0;
  const found = await world.app.database.query<Place>(
    `SELECT features.slide_id AS id, features.checkpoint, features.vectors, features.is_complete AS complete,
       count(v.patch_id) AS stored, count(DISTINCT v.patch_id) AS distinct
     FROM slide_features AS features LEFT JOIN features.vectors_${id} AS v ON v.slide_id = features.slide_id
     WHERE features.feature_set_id = $1 GROUP BY features.feature_set_id, features.slide_id ORDER BY 1`,
    [id],
  );
  return found.rows;
};

const until = async <Value>(read: () => Promise<Value>, isEnough: (value: Value) => boolean): Promise<Value> => {
  for (;;) {
    const value = await read();
    if (isEnough(value)) return value;
    await new Promise((wake) => setTimeout(wake, 20));
  }
};

/** After a cancellation the batch under way may still be refused; then nothing moves any more. */
const whenStill = async (featureSetKey: string): Promise<Place[]> => {
  let before = "";
  return until(
    async () => {
      await new Promise((wake) => setTimeout(wake, 400));
      return places(featureSetKey);
    },
    (now) => {
      const isStill = JSON.stringify(now) === before;
      before = JSON.stringify(now);
      return isStill;
    },
  );
};

const complete = { checkpoint: PATCHES, vectors: PATCHES, stored: PATCHES, distinct: PATCHES, complete: true };

/** Queues a slide and cancels it in its middle; returns the job and how many vectors were committed. */
const cancelledInTheMiddle = async (featureSetKey: string): Promise<{ job: string; written: number }> => {
  const { job } = await embed(featureSetKey, ["a"]);
  const id = job?.id ?? "";
  await until(
    () => places(featureSetKey),
    ([place]) => (place?.checkpoint ?? 0) > 0,
  );
  expect(await change("cancelJob", id)).toEqual({ job: { state: "CANCELLED" }, errors: [] });
  const [place] = await whenStill(featureSetKey);
  expect(place?.checkpoint).toBeLessThan(PATCHES);
  expect(place).toMatchObject({ stored: place?.checkpoint, vectors: place?.checkpoint, complete: false });
  return { job: id, written: place?.checkpoint ?? 0 };
};

it("cancelled in the middle of a slide keeps what is committed; retryJob goes on from there", async () => {
  const { job, written } = await cancelledInTheMiddle("cancelled");
  expect((await change("cancelJob", job))?.errors).toMatchObject([{ code: "CONFLICT" }]);
  expect((await change("retryJob", job))?.errors).toEqual([]);
  expect(await world.jobEnd(job)).toBe("SUCCEEDED");
  expect(await places("cancelled")).toMatchObject([complete]);
  const { rows } = await world.app.database.query<{ done_before: number; done: number }>(
    "SELECT done_before, done FROM job WHERE kind = 'EMBED' AND parent_id = (SELECT id FROM job WHERE parent_id IS NULL ORDER BY created_at LIMIT 1)",
  );
  expect(rows).toEqual([{ done_before: written, done: PATCHES }]);
  expect((await change("retryJob", job))?.errors).toMatchObject([{ code: "CONFLICT" }]);
});

it("asked for three times at once is done once", async () => {
  const answers = await Promise.all([1, 2, 3].map(() => embed("thrice", ["a", "b"])));
  expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  const jobs = answers.flatMap(({ job }) => (job ? [job.id] : []));
  expect(jobs).toHaveLength(3);
  expect(new Set(jobs).size).toBe(1);
  expect(await world.jobEnd(jobs[0] ?? "")).toBe("SUCCEEDED");
  expect(await places("thrice")).toMatchObject([complete, complete]);
  const { rows } = await world.app.database.query<{ parts: number; attempts: number }>(
    `SELECT count(*) AS parts, sum(attempts) AS attempts FROM job
     WHERE slide_id IS NOT NULL AND result_id = (SELECT id::text FROM feature_set WHERE key = 'thrice')`,
  );
  expect(rows).toEqual([{ parts: 2, attempts: 2 }]);
  expect(await embed("thrice", ["a", "b"])).toEqual({ job: null, errors: [] });
});

it("two jobs at one slide both end well, with every vector once", async () => {
  const { job: first } = await cancelledInTheMiddle("both");
  const { job: second } = await embed("both", ["a"]);
  expect((await change("retryJob", first))?.errors).toEqual([]);
  expect(await world.jobEnd(first)).toBe("SUCCEEDED");
  expect(await world.jobEnd(second?.id ?? "")).toBe("SUCCEEDED");
  expect(await places("both")).toMatchObject([complete]);
});

it("is unknown by the id of something else", async () => {
  for (const id of ["nonsense", Buffer.from('["Job","x"]').toString("base64url")]) {
    expect((await change("cancelJob", id))?.errors).toMatchObject([{ code: "NOT_FOUND" }]);
    expect((await change("retryJob", id))?.errors).toMatchObject([{ code: "NOT_FOUND" }]);
  }
});
