import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureGraph } from "../src/modules/similarity/searchIndex.build.ts";
import type { Viewer } from "../src/platform/authorisation.ts";
import { encodeId } from "../src/platform/ids.ts";
import type { Database, Queryable } from "../src/store/database.ts";
import { openDatabase } from "../src/store/database.ts";
import { migrate } from "../src/store/migrations.ts";
import { indexedPatients } from "../src/store/search/conditions.ts";
import { searchExact } from "../src/store/search/exact.ts";
import { searchVectors, type VectorFilter, type VectorHit } from "../src/store/search/index.ts";
import { readHotCohorts, readSetsToIndex } from "../src/store/search/indexes.ts";
import { searchGraph } from "../src/store/search/scans.ts";
import { addSlide, cosineDistance, storeVectorSet, type VectorSet } from "./support/generatedVectors.ts";
import { createWorld, ownDatabase, type World } from "./support/world.ts";

const TIE = 1e-6;

/** pgvector adds up in single precision. */
const SINGLE_PRECISION = 1e-5;

const bruteForce = (
  set: VectorSet,
  query: ArrayLike<number>,
  first: number,
  passes: (patch: VectorSet["patches"][number]) => boolean,
) =>
  set.patches
    .filter(passes)
    .map((patch) => ({ ...patch, distance: cosineDistance(query, patch.vector) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, first);

/** The same hits up to ties, at the same distances. */
const expectSame = (
  found: readonly VectorHit[],
  truth: readonly { distance: number }[],
  tolerance = SINGLE_PRECISION,
) => {
  expect(found).toHaveLength(truth.length);
  for (const [place, hit] of found.entries()) {
    expect(Math.abs(hit.distance - (truth[place]?.distance as number))).toBeLessThan(tolerance);
  }
};

const recallOf = (found: readonly VectorHit[], truth: readonly VectorHit[]): number => {
  const furthest = (truth.at(-1)?.distance ?? 0) + TIE;
  return found.filter(({ distance }) => distance <= furthest).length / Math.max(1, truth.length);
};

describe("exact search", () => {
  const databases: { name: string; database: Database; drop: () => Promise<void> }[] = [];
  beforeAll(async () => {
    databases.push({ name: "embedded", database: await openDatabase({}), drop: async () => {} });
    if (process.env.DATABASE_URL) {
      const own = await ownDatabase(process.env.DATABASE_URL);
      databases.push({ name: "given", database: await openDatabase({ url: own.url }), drop: own.drop });
    } else console.log("The embedded database is not compared with a given one: DATABASE_URL is not set.");
    for (const { database } of databases) await migrate(database);
  }, 60_000);
  afterAll(async () => {
    for (const { database, drop } of databases) {
      await database.close();
      await drop();
    }
  });

  it.each([512, 1280, 2048, 2560, 4096, 4608])(
    "of %i dimensions gives the true nearest on every database",
    async (dims) => {
      for (const { database } of databases) {
        const set = await storeVectorSet(database, { key: `of-${dims}`, dims, patients: 3, patches: 120 });
        const query = set.patches[17] as VectorSet["patches"][number];
        const filter: VectorFilter = { exceptPatientId: query.patientId, exceptPatchId: query.id };
        const truth = bruteForce(set, query.vector, 10, ({ patientId }) => patientId !== query.patientId);
        const request = { featureSetId: set.featureSetId, filter, first: 10, minRecall: 0.99 };
        const byPatch = await searchVectors(database, { ...request, query: { patchId: query.id } });
        const byVector = await searchVectors(database, { ...request, query: { vector: query.vector } });
        expectSame(byPatch?.hits ?? [], truth);
        expectSame(byVector?.hits ?? [], truth);
        expect(byPatch?.report).toMatchObject({
          strategy: "EXACT",
          matches: 80,
          scanned: 80,
          isComplete: true,
          recallBasis: "EXACT",
          recallEstimate: 1,
        });
        if (dims > 4000) expect(byPatch?.report.reason).toContain(`${dims} dimensions can have no HNSW index`);
        else expect(byPatch?.report.reason).toBeNull();
      }
    },
  );

  it("counts what passes every kind of filter, and gives min(first, matches) rows of it", async () => {
    for (const { database } of databases) {
      const set = await storeVectorSet(database, { key: "filters", dims: 16, patients: 4, patches: 160 });
      const [query] = set.patches as [VectorSet["patches"][number]];
      const slideIds = [...new Set(set.patches.map(({ slideId }) => slideId))];
      const patientIds = [...new Set(set.patches.map(({ patientId }) => patientId))];
      const filters: VectorFilter[] = [
        {},
        { slideIds: [] },
        { patientIds: [] },
        { slideIds: slideIds.slice(1, 4) },
        { patientIds: patientIds.slice(2), exceptPatientId: patientIds[2] },
        { slideIds: slideIds.slice(0, 3), patientIds: patientIds.slice(1), exceptPatchId: query.id },
        { patchIds: set.patches.slice(5, 25).map(({ id }) => id), exceptPatchId: set.patches[7]?.id },
        { exceptPatchId: query.id },
        { slideIds: slideIds.slice(0, 1), exceptPatchId: query.id },
        { slideIds: slideIds.slice(5), exceptPatchId: query.id },
      ];
      for (const filter of filters) {
        const truth = bruteForce(
          set,
          query.vector,
          30,
          (patch) =>
            (filter.slideIds?.includes(patch.slideId) ?? true) &&
            (filter.patientIds?.includes(patch.patientId) ?? true) &&
            (filter.patchIds?.includes(patch.id) ?? true) &&
            patch.patientId !== filter.exceptPatientId &&
            patch.id !== filter.exceptPatchId,
        );
        const request = { featureSetId: set.featureSetId, query: { patchId: query.id }, filter, minRecall: 0.99 };
        const found = await searchVectors(database, { ...request, first: 30 });
        expectSame(found?.hits ?? [], truth);
        expect(found?.report.isComplete).toBe(true);
        const all = await searchVectors(database, { ...request, first: 1000 });
        expect(all?.hits).toHaveLength(all?.report.matches as number);
      }
    }
  });

  it("of a patch without a vector is null", async () => {
    for (const { database } of databases) {
      const set = await storeVectorSet(database, { key: "nothing", dims: 4, patients: 1, patches: 4 });
      const request = { featureSetId: set.featureSetId, filter: {}, first: 1, minRecall: 0.99 };
      expect(await searchVectors(database, { ...request, query: { patchId: 1 } })).toBeNull();
    }
  });
});

const BUILD =
  "mutation($featureSet: ID!, $cohort: ID) { buildSearchIndex(input: {featureSet: $featureSet, cohort: $cohort}) { job { id kind progress { unit } } errors { code path fix } } }";

type Built = {
  buildSearchIndex: {
    job: { id: string; kind: string } | null;
    errors: { code: string; path: string[]; fix: string }[];
  };
};

describe("search indexes", () => {
  let world: World;
  let set: VectorSet;
  let database: Database;
  const featureSet = encodeId("FeatureSet", "vectors", "features");

  const build = async (cohort?: string): Promise<string> => {
    const { buildSearchIndex } = await world.ask<Built>(BUILD, { featureSet, cohort });
    expect(buildSearchIndex.errors).toEqual([]);
    const job = buildSearchIndex.job as { id: string };
    expect(await world.jobEnd(job.id)).toBe("SUCCEEDED");
    return job.id;
  };

  /** Says that comparing a row takes a millisecond, as it would among millions: a plan obeys what was measured. */
  const pretendLarge = () =>
    database.query(
      "UPDATE search_index SET calibration = jsonb_set(calibration, '{nanosecondsPerRow}', '1000000'::jsonb) WHERE state = 'READY'",
    );

  const patients = () => [...new Set(set.patches.map(({ patientId }) => patientId))];

  const search = async (
    patch: VectorSet["patches"][number],
    filter: VectorFilter = {},
    first = 10,
    minRecall = 0.99,
  ) => {
    const request = {
      featureSetId: set.featureSetId,
      query: { patchId: patch.id },
      filter: { exceptPatchId: patch.id, exceptPatientId: patch.patientId, ...filter },
      first,
      minRecall,
    };
    const found = await searchVectors(database, request);
    if (!found) throw new Error("The query's patch has no vector.");
    return { ...found, truth: await searchExact(database, request) };
  };

  beforeAll(async () => {
    world = await createWorld();
    database = world.app.database;
    set = await storeVectorSet(database, { dims: 32, patients: 40, patches: 8000 });
  }, 120_000);
  afterAll(() => world.close());

  it("are built as a job, and told of with the feature set", async () => {
    await build();
    const { featureSet: told } = await world.ask<{ featureSet: { searchIndexes: Record<string, unknown>[] } }>(
      '{ featureSet(studyKey: "vectors", key: "features") { searchIndexes { strategy vectors recall isStale staleReason builtAt cohort { key } } } }',
    );
    expect(told.searchIndexes).toHaveLength(1);
    expect(told.searchIndexes[0]).toMatchObject({
      strategy: "CLUSTERED",
      vectors: 8000,
      isStale: false,
      staleReason: null,
      cohort: null,
    });
    expect(told.searchIndexes[0]?.recall).toBeGreaterThanOrEqual(0.99);
    expect(Number(new Date(told.searchIndexes[0]?.builtAt as string))).not.toBeNaN();
  }, 300_000);

  it("are left alone while comparing every row is as fast", async () => {
    expect((await search(set.patches[0] as never)).report.strategy).toBe("EXACT");
  });

  it("find as much as was measured under every kind of filter, and all rows", async () => {
    await pretendLarge();
    const shares = new Map<number, number>();
    const [first] = set.patches as [VectorSet["patches"][number]];
    for (const near of bruteForce(set, first.vector, 800, ({ patientId }) => patientId !== first.patientId)) {
      shares.set(near.patientId, (shares.get(near.patientId) ?? 0) + 1);
    }
    const byLikeness = patients().sort((a, b) => (shares.get(b) ?? 0) - (shares.get(a) ?? 0));
    const filters: [string, VectorFilter][] = [
      ["all", {}],
      ["half", { patientIds: patients().filter((id) => id % 2 === 0) }],
      ["near", { patientIds: byLikeness.slice(0, 20) }],
      ["far", { patientIds: byLikeness.slice(20) }],
    ];
    for (const [name, filter] of filters) {
      const recalls: number[] = [];
      const strategies = new Set<string>();
      const queries = name === "all" || name === "half" ? set.patches : set.patches.filter((_, row) => row < 200);
      for (let query = 0; query < 60; query++) {
        const patch = queries[(query * 131) % queries.length] as VectorSet["patches"][number];
        const { hits, report, truth } = await search(patch, filter);
        strategies.add(report.strategy);
        recalls.push(recallOf(hits, truth));
        expect(hits).toHaveLength(Math.min(10, report.matches));
        expect(new Set(hits.map(({ patchId }) => patchId)).size).toBe(hits.length);
        if (report.strategy === "CLUSTERED") {
          expect(report).toMatchObject({ recallBasis: "CALIBRATED", isComplete: true });
          expect(report.recallEstimate).toBeGreaterThanOrEqual(0.99);
          expect(report.scanned).toBeLessThan(report.matches);
          expect(report.reason).toContain("sampled searches");
        }
      }
      expect(recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length, name).toBeGreaterThanOrEqual(0.99);
      expect(strategies.has("CLUSTERED"), name).toBe(true);
    }
  });

  it("step aside for minRecall 1, for more hits than measured, and for vectors unlike those measured", async () => {
    const patch = set.patches[4000] as VectorSet["patches"][number];
    expect((await search(patch)).report.strategy).toBe("CLUSTERED");
    expect((await search(patch, {}, 10, 1)).report).toMatchObject({
      strategy: "EXACT",
      recallBasis: "EXACT",
      reason: "minRecall 1 asks for an exact search.",
    });
    expect((await search(patch, {}, 101)).report.strategy).toBe("EXACT");
    const strange = Float32Array.from({ length: set.dims }, (_, index) => (index % 2 === 0 ? 1 : -1));
    const request = { featureSetId: set.featureSetId, filter: {}, first: 10, minRecall: 0.99 };
    const unlike = await searchVectors(database, { ...request, query: { vector: strange } });
    expect(unlike?.report.strategy).toBe("EXACT");
    expect(unlike?.report.reason).toContain("unlike");
    const alike = await searchVectors(database, { ...request, query: { vector: patch.vector } });
    expect(alike?.report.strategy).toBe("CLUSTERED");
    expect(alike?.hits[0]?.patchId).toBe(patch.id);
  });

  it("leave what was measured of patches to an exact search, which counts and finds all that pass", async () => {
    await pretendLarge();
    await database.query(
      `INSERT INTO features.patch (id, x, y, tissue_share, measurements)
       SELECT patch_id, 0, 0, 1, CASE WHEN patch_id % 3 = 0 THEN jsonb_build_object('blurVariance', patch_id % 97 + 0.5) END
       FROM features.vectors_${set.featureSetId}`,
    );
    const blurOf = ({ id }: { id: number }) => (id % 3 === 0 ? (id % 97) + 0.5 : undefined);
    const patch = set.patches[11] as VectorSet["patches"][number];
    for (const [gte, lt] of [
      [0, 100],
      [40.5, 60],
      [96, 97],
      [200, 300],
    ] as const) {
      const measurements = [{ name: "blurVariance", test: { gte, lt } }];
      const { hits, report, truth } = await search(patch, { measurements }, 25);
      const expected = bruteForce(set, patch.vector, set.patches.length, (other) => {
        const blur = blurOf(other) ?? Number.NaN;
        return other.patientId !== patch.patientId && blur >= gte && blur < lt;
      });
      expectSame(hits, expected.slice(0, 25));
      expect(hits).toEqual(truth);
      expect(report).toMatchObject({ strategy: "EXACT", matches: expected.length, isComplete: true });
    }
    const missing = await search(patch, { measurements: [{ name: "blurVariance", test: { isMissing: true } }] });
    expect(missing.report.matches).toBe(
      set.patches.filter((other) => other.patientId !== patch.patientId && blurOf(other) === undefined).length,
    );
  });

  it("never miss a slide that came later, nor give one that has gone or was embedded anew", async () => {
    const patch = set.patches[100] as VectorSet["patches"][number];
    const [stranger] = patients().filter((id) => id !== patch.patientId) as [number];
    const close = Array.from({ length: 5 }, (_, place) =>
      Float32Array.from(new Float16Array(patch.vector.map((value, index) => value + (index === place ? 0.01 : 0)))),
    );
    const slideId = await addSlide(database, set, { id: stranger, key: "late" }, close);
    const withNew = await search(patch);
    expect(withNew.report.strategy).toBe("CLUSTERED");
    expect(withNew.hits.filter((hit) => hit.slideId === slideId)).toHaveLength(5);
    expect(recallOf(withNew.hits, withNew.truth)).toBe(1);

    const embeddedAnew = withNew.truth.find((hit) => hit.slideId !== slideId) as VectorHit;
    await database.transaction(async (client) => {
      await client.query(`DELETE FROM features.vectors_${set.featureSetId} WHERE slide_id = $1`, [
        embeddedAnew.slideId,
      ]);
      await client.query("UPDATE slide_features SET vectors = 0, checkpoint = 0 WHERE slide_id = $1", [
        embeddedAnew.slideId,
      ]);
      await client.query(`DELETE FROM features.vectors_${set.featureSetId} WHERE slide_id = $1`, [slideId]);
      await client.query("DELETE FROM slide WHERE id = $1", [slideId]);
    });
    const without = await search(patch);
    expect(without.report.strategy).toBe("CLUSTERED");
    expect(without.hits.filter((hit) => [slideId, embeddedAnew.slideId].includes(hit.slideId))).toEqual([]);
    expect(recallOf(without.hits, without.truth)).toBeGreaterThanOrEqual(0.9);
    set.patches = set.patches.filter((one) => ![slideId, embeddedAnew.slideId].includes(one.slideId));
  });

  it("are replaced as a whole; half of one is never used, and a retried job leaves nothing of it", async () => {
    const { rows: before } = await database.query<{ id: number }>("SELECT id FROM search_index WHERE state = 'READY'");
    // What a server that died in the middle leaves behind: tables without rows.
    const { rows } = await database.query<{ id: number }>(
      "INSERT INTO search_index (feature_set_id, kind) VALUES ($1, 'CLUSTERED') RETURNING id",
      [set.featureSetId],
    );
    const half = rows[0]?.id as number;
    await database.query("SELECT features.create_cells($1, $2)", [half, set.featureSetId]);
    const patch = set.patches[2000] as VectorSet["patches"][number];
    const meanwhile = await search(patch);
    expect(recallOf(meanwhile.hits, meanwhile.truth)).toBeGreaterThanOrEqual(0.9);

    await build();
    const { rows: after } = await database.query<{ id: number; state: string }>("SELECT id, state FROM search_index");
    expect(after).toEqual([{ id: expect.any(Number), state: "READY" }]);
    expect(after[0]?.id).toBeGreaterThan(half);
    const { rows: tables } = await database.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relname LIKE 'cells%' AND relkind = 'r'",
    );
    expect(tables).toEqual([{ name: `cells_${after[0]?.id}` }]);
    expect(before[0]?.id).not.toBe(after[0]?.id);
  }, 300_000);

  it("do nothing twice, and go on after they were cancelled", async () => {
    await database.query("UPDATE search_index SET measured_vectors = 1");
    const { buildSearchIndex: one } = await world.ask<Built>(BUILD, { featureSet });
    const { buildSearchIndex: two } = await world.ask<Built>(BUILD, { featureSet });
    expect(two.job?.id).toBe(one.job?.id);
    const id = one.job?.id as string;
    const { cancelJob } = await world.ask<{ cancelJob: { job: { state: string } } }>(
      "mutation($id: ID!) { cancelJob(id: $id) { job { state } errors { code } } }",
      { id },
    );
    expect(cancelJob.job.state).toBe("CANCELLED");
    await world.ask("mutation($id: ID!) { retryJob(id: $id) { job { id } errors { code } } }", { id });
    expect(await world.jobEnd(id)).toBe("SUCCEEDED");
    const { job } = await world.ask<{ job: { progress: Record<string, unknown>; children: { totalCount: number } } }>(
      "query($id: ID!) { job(id: $id) { progress { done total unit } children { totalCount } } }",
      { id },
    );
    expect(job).toEqual({ progress: { done: 100, total: 100, unit: "percent" }, children: { totalCount: 0 } });
  }, 300_000);

  it("are due when a set has grown, unless it is worked on or somebody stopped that", async () => {
    expect(await readSetsToIndex(database, 1000)).toEqual([]);
    await database.query("UPDATE search_index SET measured_vectors = measured_vectors / 2");
    expect(await readSetsToIndex(database, 1000)).toEqual([set.featureSetId]);
    expect(await readSetsToIndex(database, 1e6)).toEqual([]);
    const { featureSet: told } = await world.ask<{
      featureSet: { searchIndexes: { isStale: boolean; staleReason: string }[] };
    }>('{ featureSet(studyKey: "vectors", key: "features") { searchIndexes { isStale staleReason } } }');
    expect(told.searchIndexes[0]).toMatchObject({
      isStale: true,
      staleReason: expect.stringContaining("buildSearchIndex"),
    });
    await database.query(
      `INSERT INTO job (id, kind, study_id, created_by, state, result_id, payload) VALUES
       (gen_random_uuid(), 'INDEX', $1, 'test', 'CANCELLED', $2, '{"vectors": 8000}')`,
      [set.studyId, String(set.featureSetId)],
    );
    expect(await readSetsToIndex(database, 1000)).toEqual([]);
    await database.query("DELETE FROM job WHERE created_by = 'test'");
  });

  it("refuse what cannot be, with a way out", async () => {
    const asked = async (variables: Record<string, unknown>, viewer?: Viewer) =>
      world.query<Built>(BUILD, variables, viewer);
    const reader: Viewer = { name: "reader", grants: [{ studyKey: "vectors", role: "READER" }] };
    expect((await asked({ featureSet }, reader)).errors?.[0]?.code).toBe("FORBIDDEN");
    const codeOf = async (variables: Record<string, unknown>) =>
      (await asked(variables)).data?.buildSearchIndex.errors.map(({ code, path }) => [code, path.at(-1)]);
    expect(await codeOf({ featureSet: encodeId("FeatureSet", "vectors", "none") })).toEqual([
      ["NOT_FOUND", "featureSet"],
    ]);
    expect(await codeOf({ featureSet, cohort: encodeId("Cohort", "vectors", "none") })).toEqual([
      ["NOT_FOUND", "cohort"],
    ]);
    await world.ask(
      'mutation { saveCohort(input: {studyKey: "vectors", key: "live", name: "Live", patients: {keys: ["P-001"]}, freeze: false}) { cohort { id } errors { code } } }',
    );
    expect(await codeOf({ featureSet, cohort: encodeId("Cohort", "vectors", "live") })).toEqual([
      ["BAD_ARGUMENT", "cohort"],
    ]);
    const empty = await storeVectorSet(database, { key: "empty", dims: 4, patients: 0, patches: 0 });
    expect(empty.patches).toEqual([]);
    expect(await codeOf({ featureSet: encodeId("FeatureSet", "empty", "features") })).toEqual([
      ["CONFLICT", "featureSet"],
    ]);
  });

  describe.skipIf(!process.env.DATABASE_URL)("of HNSW, on a given database", () => {
    const signal = new AbortController().signal;
    const quietly = async () => {};
    const load = async () => world.app.prisma.featureSet.findUniqueOrThrow({ where: { id: set.featureSetId } });

    /** The plan of what `search` asks, and how many pages it touched. */
    const explain = async (efSearch: number, kind: "PARTITION_INDEX" | "PARTIAL_INDEX", filter: VectorFilter) => {
      let plan = "";
      let pages = 0;
      const explaining: Queryable = {
        query: async (text, values) => {
          const result = await database.query<Record<string, { Plan: Record<string, number> }[]>>(
            `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
            values,
          );
          const [told] = result.rows[0]?.["QUERY PLAN"] ?? [];
          plan = JSON.stringify(told);
          pages = (told?.Plan["Shared Hit Blocks"] ?? 0) + (told?.Plan["Shared Read Blocks"] ?? 0);
          return { ...result, rows: [] };
        },
      };
      const query = { patchId: set.patches[50]?.id as number };
      await searchGraph(
        explaining,
        { featureSetId: set.featureSetId, query, filter, first: 10 },
        { efSearch, dims: set.dims, kind },
      );
      return { plan, pages };
    };

    it("are walked with the settings of the statement, which leaves none behind", async () => {
      await ensureGraph({ app: world.app, featureSet: await load(), signal }, null, quietly);
      const { rows } = await database.query<{ id: number }>(
        "SELECT id FROM search_index WHERE kind = 'PARTITION' AND state = 'READY'",
      );
      const filter = { exceptPatientId: set.patches[50]?.patientId, exceptPatchId: set.patches[50]?.id };
      const narrow = await explain(10, "PARTITION_INDEX", filter);
      const wide = await explain(400, "PARTITION_INDEX", filter);
      expect(narrow.plan).toContain(`hnsw_${rows[0]?.id}`);
      expect(wide.pages).toBeGreaterThan(2 * narrow.pages);
      const { rows: left } = await database.query<{ ef: string; mode: string }>(
        "SELECT current_setting('hnsw.ef_search', true) AS ef, current_setting('hnsw.iterative_scan', true) AS mode",
      );
      expect([left[0]?.ef ?? "40", left[0]?.mode ?? "off"]).toEqual(["40", "off"]);

      await pretendLarge();
      const { hits, report, truth } = await search(set.patches[50] as never);
      expect(["PARTITION_INDEX", "CLUSTERED"]).toContain(report.strategy);
      expect(recallOf(hits, truth)).toBeGreaterThanOrEqual(0.9);
      // Of a filter the index over all rows knows nothing.
      const some = await search(set.patches[50] as never, { patientIds: patients().slice(0, 30) });
      expect(some.report.strategy).not.toBe("PARTITION_INDEX");
    }, 300_000);

    it("over a frozen cohort serve just its patients, and end with it", async () => {
      const keys = Array.from({ length: 30 }, (_, number) => `P-${String(number).padStart(3, "0")}`);
      const save = (key: string, some: string[]) =>
        world.ask(
          `mutation($keys: [String!]!) { saveCohort(input: {studyKey: "vectors", key: "${key}", name: "Hot", patients: {keys: $keys}, freeze: true}) { cohort { id } errors { code } } }`,
          { keys: some },
        );
      await save("hot", keys);
      await build(encodeId("Cohort", "vectors", "hot"));
      await pretendLarge();
      const { rows } = await database.query<{ id: number; cohort_id: number }>(
        "SELECT id, cohort_id FROM search_index WHERE kind = 'PARTIAL' AND state = 'READY'",
      );
      const cohortId = rows[0]?.cohort_id as number;
      const { rows: members } = await database.query<{ id: number }>(
        "SELECT patient_id AS id FROM cohort_patient WHERE cohort_id = $1 ORDER BY patient_id DESC",
        [cohortId],
      );
      const patientIds = members.map(({ id }) => id);
      const asIndexed = indexedPatients(patientIds);
      expect((await explain(100, "PARTIAL_INDEX", { patientIds: asIndexed })).plan).toContain(`hnsw_${rows[0]?.id}`);

      await database.query("DELETE FROM search_index WHERE kind <> 'PARTIAL'");
      for (let query = 0; query < 10; query++) {
        const { hits, report, truth } = await search(set.patches[query * 700] as never, { patientIds, cohortId });
        expect(report.strategy).toBe("PARTIAL_INDEX");
        expect(recallOf(hits, truth)).toBeGreaterThanOrEqual(0.9);
        expect(hits).toHaveLength(10);
      }
      // The same patients under no cohort's name may change at any time.
      expect((await search(set.patches[0] as never, { patientIds })).report.strategy).toBe("EXACT");
      const dropped = async () =>
        (await database.query("SELECT FROM pg_class WHERE relname = $1", [`hnsw_${rows[0]?.id}`])).rowCount === 0;
      expect(await dropped()).toBe(false);
      await save("hot", keys.slice(1));
      expect(await dropped()).toBe(true);
      expect((await database.query("SELECT FROM search_index WHERE kind = 'PARTIAL'")).rowCount).toBe(0);
      expect((await search(set.patches[0] as never, { patientIds, cohortId })).report.strategy).toBe("EXACT");
    }, 300_000);

    it("over a cohort are due when it was searched often", async () => {
      const { rows } = await database.query<{ id: number }>("SELECT id FROM cohort WHERE key = 'hot'");
      const cohortId = rows[0]?.id as number;
      expect(await readHotCohorts(database)).toEqual([]);
      await database.query("INSERT INTO search_demand VALUES ($1, $2, 20)", [set.featureSetId, cohortId]);
      expect(await readHotCohorts(database)).toEqual([{ featureSetId: set.featureSetId, cohortId }]);
    });
  });
});
