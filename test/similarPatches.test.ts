import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { createWorld, seedStudy, type World } from "./support/world.ts";

type Hit = { distance: number; patch: { id: string; x: number; y: number; size: number; slide: { key: string } } };
type Answer = {
  similarPatches: {
    hits: Hit[];
    search: { strategy: string; matches: number; isComplete: boolean; recallBasis: string; reason: string | null };
  };
};

const DOCUMENT = `query($input: SimilarPatchesInput!) { similarPatches(input: $input) {
  hits { distance patch { id x y size slide { key } } }
  search { strategy matches isComplete recallBasis reason } } }`;

let world: World;
let featureSet: string;

/** Every patch of the study: as the nearest to any of them, the query itself left out. */
const everything = async (): Promise<Hit[]> => {
  const vector = Array.from({ length: 672 }, (_, index) => (index % 7) + 1);
  const { similarPatches } = await world.ask<Answer>(DOCUMENT, { input: { featureSet, to: { vector }, first: 1000 } });
  expect(similarPatches.search.isComplete).toBe(true);
  return similarPatches.hits;
};

const search = (input: Record<string, unknown>) =>
  world.query<Answer>(DOCUMENT, { input: { featureSet, first: 1000, ...input } });

const rectangle = (left: number, top: number, right: number, bottom: number) => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
  [left, top],
];

beforeAll(async () => {
  world = await createWorld();
  ({ featureSet } = await seedStudy(world, 4));
});
afterAll(() => world.close());

describe("a search among the patches of a region", () => {
  let all: Hit[];
  let slide: string;
  beforeAll(async () => {
    all = await everything();
    slide = all[0]?.patch.slide.key as string;
  });
  const ofSlide = () => all.filter(({ patch }) => patch.slide.key === slide);
  const among = (polygon: unknown, more: Record<string, unknown> = {}) =>
    search({
      to: { patch: all.find(({ patch }) => patch.slide.key !== slide)?.patch.id },
      filter: { region: { slide: encodeId("Slide", "glioma", slide), polygon }, ...more },
    });
  const places = (hits: readonly Hit[] | undefined) => hits?.map(({ patch: { id } }) => id).sort();
  const within = (left: number, top: number, right: number, bottom: number) => (hit: Hit) => {
    const [x, y] = [hit.patch.x + hit.patch.size / 2, hit.patch.y + hit.patch.size / 2];
    return x > left && x <= right && y >= top && y < bottom;
  };

  it("finds those whose centres lie in it, and all of them", async () => {
    const { data, errors } = await among({ type: "Polygon", coordinates: [rectangle(0, 0, 600, 600)] });
    expect(errors).toBeUndefined();
    const expected = ofSlide().filter(within(0, 0, 600, 600));
    expect(expected.length).toBeGreaterThan(0);
    expect(expected.length).toBeLessThan(ofSlide().length);
    expect(places(data?.similarPatches.hits)).toEqual(places(expected));
    expect(data?.similarPatches.search).toMatchObject({ matches: expected.length, isComplete: true });
  });

  it("leaves out what lies in a hole", async () => {
    const polygon = { type: "Polygon", coordinates: [rectangle(-10, -10, 2000, 2000), rectangle(300, 300, 800, 800)] };
    const { data } = await among({ type: "Feature", properties: {}, geometry: polygon });
    const isInHole = within(300, 300, 800, 800);
    const expected = ofSlide().filter((hit) => !isInHole(hit));
    expect(expected.length).toBeLessThan(ofSlide().length);
    expect(places(data?.similarPatches.hits)).toEqual(places(expected));
  });

  it("takes several polygons", async () => {
    const coordinates = [[rectangle(0, 0, 400, 400)], [rectangle(500, 500, 1100, 1100)]];
    const { data } = await among({ type: "MultiPolygon", coordinates });
    const expected = ofSlide().filter((hit) => within(0, 0, 400, 400)(hit) || within(500, 500, 1100, 1100)(hit));
    expect(places(data?.similarPatches.hits)).toEqual(places(expected));
  });

  it("holds together with the other filters", async () => {
    const polygon = { type: "Polygon", coordinates: [rectangle(0, 0, 2000, 2000)] };
    const none = await among(polygon, { slides: { not: { keys: [slide] } } });
    expect(none.data?.similarPatches).toMatchObject({ hits: [], search: { matches: 0, isComplete: true } });
    const some = await among(polygon, { slides: { keys: [slide] } });
    expect(places(some.data?.similarPatches.hits)).toEqual(places(ofSlide()));
  });

  it("says so when no patch lies in it", async () => {
    const { data } = await among({ type: "Polygon", coordinates: [rectangle(0.1, 0.1, 0.9, 0.9)] });
    expect(data?.similarPatches.hits).toEqual([]);
    expect(data?.similarPatches.search).toMatchObject({
      matches: 0,
      isComplete: true,
      reason: "No patch of the slide has its centre inside of the region.",
    });
  });

  it.each([
    ["is no GeoJSON", () => ({ polygon: { left: 0, top: 0 } }), "BAD_ARGUMENT"],
    ["is of a slide that is not there", () => ({ slide: encodeId("Slide", "glioma", "none") }), "NOT_FOUND"],
    ["is of another study's slide", () => ({ slide: encodeId("Slide", "other", slide) }), "BAD_ARGUMENT"],
    ["is of something that is no slide", () => ({ slide: featureSet }), "NOT_FOUND"],
  ])("is refused when it %s", async (_what, change, code) => {
    const region = {
      slide: encodeId("Slide", "glioma", slide),
      polygon: { type: "Polygon", coordinates: [rectangle(0, 0, 9, 9)] },
      ...change(),
    };
    const { data, errors } = await search({ to: { patch: all[0]?.patch.id }, filter: { region } });
    expect([data, errors?.map((error) => error.code)]).toEqual([null, [code]]);
    expect(errors?.[0]?.fix).toEqual(expect.stringMatching(/./));
  });

  it("is refused on a slide that has no vectors", async () => {
    await world.app.database.query(
      `INSERT INTO slide (study_id, patient_id, key) SELECT study_id, id, 'bare' FROM patient LIMIT 1`,
    );
    const { errors } = await search({
      to: { patch: all[0]?.patch.id },
      filter: {
        region: {
          slide: encodeId("Slide", "glioma", "bare"),
          polygon: { type: "Polygon", coordinates: [rectangle(0, 0, 9, 9)] },
        },
      },
    });
    expect(errors).toMatchObject([{ code: "NOT_FOUND", fix: expect.stringContaining("embedSlides") }]);
  });
});

describe("a search by patch", () => {
  it("takes as many statements for a hundred hits with all their fields as for one", async () => {
    const [query] = await everything();
    const document = `query($input: SimilarPatchesInput!) { similarPatches(input: $input) { hits { similarity patch {
      id x y size grid { id } slide { id key stain study { key } patient { id key clinical } } } } search { matches } } }`;
    const statementsFor = async (first: number) => {
      world.takeStatements();
      const input = { featureSet, to: { patch: query?.patch.id }, first, excludeSamePatient: false };
      const { similarPatches } = await world.ask<Answer>(document, { input });
      expect(similarPatches.hits.length).toBe(Math.min(first, similarPatches.search.matches));
      return world.takeStatements().filter((text) => !text.includes("pgboss"));
    };
    const [one, many] = [await statementsFor(1), await statementsFor(100)];
    expect(many).toHaveLength(one.length);
    expect(one.length).toBeLessThanOrEqual(4);
  });

  it("gives each hit the rows that a query of its own gives", async () => {
    const [query] = await everything();
    const fields = `id x y size tissueShare measurements grid { id columns: patches lineage { digest createdAt parameters } }
      slide { id key stain specimen clinical patient { id key clinical } }`;
    const { similarPatches } = await world.ask<{ similarPatches: { hits: { patch: { id: string } }[] } }>(
      `query($input: SimilarPatchesInput!) { similarPatches(input: $input) { hits { patch { ${fields} } } } }`,
      { input: { featureSet, to: { patch: query?.patch.id }, first: 20 } },
    );
    const { nodes } = await world.ask<{ nodes: unknown[] }>(
      `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Patch { ${fields} } } }`,
      { ids: similarPatches.hits.map(({ patch }) => patch.id) },
    );
    expect(nodes.length).toBe(20);
    expect(similarPatches.hits.map(({ patch }) => patch)).toEqual(nodes);
  });

  it("takes a vector of zeros for unrelated to any other, and does not search for one", async () => {
    const all = await everything();
    const { database } = world.app;
    const place = all.at(-1) as Hit;
    const { rows } = await database.query<{ patch_id: number; v: string }>(
      `SELECT patch_id, v::text AS v FROM features.vectors_1 JOIN features.patch ON patch.id = patch_id
       JOIN slide ON slide.id = slide_id WHERE x = $1 AND y = $2 AND slide.key = $3`,
      [place.patch.x, place.patch.y, place.patch.slide.key],
    );
    expect(rows).toHaveLength(1);
    const setVector = (v: string) =>
      database.query("UPDATE features.vectors_1 SET v = $2::halfvec WHERE patch_id = $1", [rows[0]?.patch_id, v]);
    await setVector(`[${new Array(672).fill(0).join(",")}]`);
    try {
      const others = await everything();
      expect(others).toHaveLength(all.length);
      expect(others.at(-1)).toMatchObject({ distance: 1, patch: { id: place.patch.id } });
      const { errors } = await search({ to: { patch: place.patch.id } });
      expect(errors).toMatchObject([{ code: "BAD_ARGUMENT", fix: expect.stringMatching(/./) }]);
    } finally {
      await setVector(rows[0]?.v ?? "");
    }
  });

  it("among the patients of a frozen cohort finds what their keys find", async () => {
    const [query] = await everything();
    const patients = { keys: ["SYN-0001", "SYN-0003"] };
    await world.ask(
      "mutation($input: SaveCohortInput!) { saveCohort(input: $input) { cohort { id } errors { code } } }",
      {
        input: {
          studyKey: "glioma",
          key: "some",
          name: "Some",
          patients: { studyKey: "glioma", ...patients },
          freeze: true,
        },
      },
    );
    const to = { patch: query?.patch.id };
    const cohort = encodeId("Cohort", "glioma", "some");
    const expected = (await search({ to, filter: { patients } })).data?.similarPatches.hits;
    expect(expected?.length).toBeGreaterThan(0);
    for (const filter of [{ patients: { cohort } }, { slides: { patients: { cohort } } }]) {
      expect((await search({ to, filter })).data?.similarPatches.hits).toEqual(expected);
    }
  });
});
