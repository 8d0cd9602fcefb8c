import { afterAll, beforeAll, expect, it } from "vitest";
import { queueBehind } from "../src/modules/featureSet/underWay.ts";
import { insertFileJobs, nameResult } from "../src/queue/jobs.ts";
import { EVERYTHING } from "../src/store/filterSql.ts";
import { createWorld, type World } from "./support/world.ts";

/** What is planned while other work waits: nothing is taken here, rows and messages are looked at. */

let world: World;
let studyId: number;

beforeAll(async () => {
  world = await createWorld({ work: false });
  await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
  studyId = (await world.app.prisma.study.findUniqueOrThrow({ where: { key: "study" } })).id;
  // As they are registered, without files.
  await world.app.database.query(
    `WITH held AS (
       INSERT INTO patient (study_id, key) SELECT $1, 'P' || number FROM generate_series(1, 9) AS number RETURNING id, key
     ), cut AS (
       INSERT INTO slide (study_id, patient_id, key, stain) SELECT $1, id, key || '-1', 'HE' FROM held RETURNING id, key
     )
     INSERT INTO slide_image (slide_id, path, bytes, backend, width_pixels, height_pixels, levels, microns_per_pixel_x,
       microns_per_pixel_y, resolution_source, checksum)
     SELECT id, '/nowhere/' || key, 1, 'libvips', 4000, 4000, 1, 0.25, 0.25, 'FILE', md5(key) || md5(id::text) FROM cut`,
    [studyId],
  );
});
afterAll(() => world.close());

const embed = async (featureSetKey: string, keys?: string[]): Promise<string> => {
  const { embedSlides } = await world.ask<{ embedSlides: { job: { id: string } } }>(
    "mutation($input: EmbedSlidesInput!) { embedSlides(input: $input) { job { id } } }",
    {
      input: {
        slides: { studyKey: "study", ...(keys && { keys }) },
        encoderKey: "efficientnet-lite0",
        featureSetKey,
        grid: {},
      },
    },
  );
  return embedSlides.job.id;
};

/** Of the parts of a slide in order of kind: feature set, priority, and that of the message that announces it. */
const partsOf = async (slide: string): Promise<[string, number, number | null][]> => {
  const { rows } = await world.app.database.query<{ name: string; priority: number; announced: number | null }>(
    `SELECT job.kind || coalesce(' ' || feature_set.key, '') AS name, job.priority, message.priority AS announced
     FROM job JOIN slide ON slide.id = job.slide_id LEFT JOIN feature_set ON feature_set.id::text = job.result_id
     LEFT JOIN pgboss.job AS message ON message.name = lower(job.kind::text) AND message.id = job.message_id
     WHERE slide.key = $1 ORDER BY job.kind, feature_set.key`,
    [slide],
  );
  return rows.map(({ name, priority, announced }) => [name, priority, announced]);
};

it("a person with few slides does not wait where a night's work has asked for them before", async () => {
  const night = await embed("night");
  expect(await partsOf("P1-1")).toEqual([
    ["TILE", 10, 10],
    ["EMBED night", 10, null],
  ]);
  await embed("other", ["P1-1"]);
  expect(await partsOf("P1-1")).toEqual([
    ["TILE", 20, 20],
    ["EMBED night", 10, null],
    ["EMBED other", 20, null],
  ]);
  expect(await embed("night", ["P1-1", "P2-1"])).toBe(night);
  for (const slide of ["P1-1", "P2-1"]) {
    expect((await partsOf(slide)).slice(0, 2)).toEqual([
      ["TILE", 20, 20],
      ["EMBED night", 20, null],
    ]);
  }
  // Asked for with all the others it goes no later, and they go no earlier.
  expect(await embed("night")).toBe(night);
  expect((await partsOf("P1-1"))[0]).toEqual(["TILE", 20, 20]);
  expect((await partsOf("P3-1"))[0]).toEqual(["TILE", 10, 10]);
});

it("what reads a feature set waits for all files of the import that makes it", async () => {
  const { database } = world.app;
  const job = { kind: "IMPORT", studyId, createdBy: "test", unit: "patches", payload: {} } as const;
  const { childIds } = await database.transaction((client) => insertFileJobs(client, job, [{}, {}, {}]));
  // The first is in, and has made the feature set.
  await nameResult(database, childIds[0] ?? "", "4711");
  await database.query("UPDATE job SET state = 'SUCCEEDED' WHERE id = $1", [childIds[0]]);
  const reader = { ...job, kind: "TRAIN", payload: { reads: 4711 } } as const;
  const id = await database.transaction((client) =>
    queueBehind(client, reader, { featureSetId: 4711, condition: EVERYTHING }),
  );
  const { rows } = await database.query("SELECT state, waiting_for FROM job WHERE id = $1", [id]);
  expect(rows).toEqual([{ state: "QUEUED", waiting_for: 2 }]);
});
