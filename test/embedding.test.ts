import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorld, EMBED, seedStudy, type World } from "./support/world.ts";

let world: World;
let ids: { featureSet: string; job: string };

beforeAll(async () => {
  world = await createWorld();
  ids = await seedStudy(world, 4);
});
afterAll(() => world.close());

const patches = async () => {
  const { rows } = await world.app.database.query<{
    slide: number;
    patches: number;
    vectors: number;
    distinct_vectors: number;
  }>(
    `SELECT slide.id AS slide, grid.patches, count(v.patch_id) AS vectors, count(DISTINCT v.patch_id) AS distinct_vectors
     FROM slide JOIN patch_grid AS grid ON grid.slide_id = slide.id
     LEFT JOIN features.vectors_1 AS v ON v.slide_id = slide.id GROUP BY slide.id, grid.id ORDER BY slide.id`,
  );
  return rows;
};

it("embeds every patch of every slide once", async () => {
  const slides = await patches();
  expect(slides).toHaveLength(4);
  for (const slide of slides) {
    expect(slide.patches).toBeGreaterThan(0);
    expect(slide.vectors).toBe(slide.patches);
    expect(slide.distinct_vectors).toBe(slide.patches);
  }
});

it("does nothing twice when asked twice", async () => {
  const { embedSlides } = await world.ask<{ embedSlides: unknown }>(EMBED);
  expect(embedSlides).toEqual({ featureSet: { id: ids.featureSet }, job: null, errors: [] });
});

it("keeps a vector's lineage: the same encoder on the same pixels gives the stored vector", async () => {
  const { featureSet } = await world.ask<{ featureSet: { lineage: Record<string, unknown>; vectors: number } }>(
    'query { featureSet(studyKey: "glioma", key: "cnn") { vectors lineage { digest trust isStale staleReason software parameters } } }',
  );
  expect(featureSet.lineage).toMatchObject({ trust: "VERIFIED", isStale: false, software: { providers: ["cpu"] } });
  expect(featureSet.vectors).toBe((await patches()).reduce((sum, slide) => sum + slide.vectors, 0));
});

it("marks what came from another resolution as stale, and mends it by embedding again", async () => {
  const set = (micronsPerPixel: number) =>
    world.ask(
      "mutation($by: SlideBy!, $mpp: Float!) { setSlideResolution(input: {slide: $by, micronsPerPixel: $mpp}) { errors { code } } }",
      { by: { key: { studyKey: "glioma", key: "SYN-0001-01" } }, mpp: micronsPerPixel },
    );
  const staleness = () =>
    world.ask<{ featureSet: { lineage: { isStale: boolean; staleReason: string | null } } }>(
      'query { featureSet(studyKey: "glioma", key: "cnn") { lineage { isStale staleReason } } }',
    );
  await set(0.45);
  expect((await staleness()).featureSet.lineage).toEqual({
    isStale: true,
    staleReason: "The file or the resolution of 1 slides has changed; run embedSlides again.",
  });
  const { embedSlides } = await world.ask<{ embedSlides: { job: { id: string } } }>(EMBED);
  expect(await world.jobEnd(embedSlides.job.id)).toBe("SUCCEEDED");
  expect((await staleness()).featureSet.lineage.isStale).toBe(false);
  await set(0.5);
  const again = await world.ask<{ embedSlides: { job: { id: string } } }>(EMBED);
  expect(await world.jobEnd(again.embedSlides.job.id)).toBe("SUCCEEDED");
  const counts = await patches();
  expect(counts.filter((slide) => slide.vectors > 0).every((slide) => slide.vectors === slide.distinct_vectors)).toBe(
    true,
  );
});
