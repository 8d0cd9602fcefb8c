import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodeId, encodeId } from "../src/platform/ids.ts";
import { writingNothing } from "./support/counts.ts";
import { createWorld, EMBED, seedStudy, type World } from "./support/world.ts";

/** Codebooks of a seeded study: what is built, how often, from what, and when it no longer holds. */

type UserError = { code: string; message: string; path: string[] | null; fix: string | null };
type Built = { job: { id: string; state: string; result: { id: string } | null } | null; errors: UserError[] };
type Phenotype = { id: string; index: number; size: number; share: number; centroid: string };
type Codebook = {
  id: string;
  scope: string;
  clusters: number;
  inertia: number;
  silhouette: number | null;
  explainedVariance: number[] | null;
  patient: { key: string } | null;
  lineage: { digest: string; isStale: boolean; staleReason: string | null };
  phenotypes: Phenotype[];
};

const PATIENTS = 4;

let world: World;
let featureSet: string;

const build = async (input: Record<string, unknown>): Promise<Built> => {
  const { buildCodebook } = await world.ask<{ buildCodebook: Built }>(
    "mutation($input: BuildCodebookInput!) { buildCodebook(input: $input) { job { id state result { id } } errors { code message path fix } } }",
    { input: { featureSet, scope: "STUDY", ...input } },
  );
  return buildCodebook;
};

const CODEBOOK = `... on Codebook { id scope clusters inertia silhouette explainedVariance patient { key }
  lineage { digest isStale staleReason } phenotypes { id index size share centroid } }`;

const codebook = async (id: string): Promise<Codebook | null> =>
  (await world.ask<{ node: Codebook | null }>(`query($id: ID!) { node(id: $id) { ${CODEBOOK} } }`, { id })).node;

/** Builds a codebook and waits for it. */
const built = async (input: Record<string, unknown>): Promise<Codebook> => {
  const { job, errors } = await build(input);
  expect(errors).toEqual([]);
  expect(await world.jobEnd(job?.id ?? "")).toBe("SUCCEEDED");
  const { job: done } = await world.ask<{ job: { result: { id: string } } }>(
    "query($id: ID!) { job(id: $id) { result { id } } }",
    { id: job?.id },
  );
  return (await codebook(done.result.id)) as Codebook;
};

const refusal = async (input: Record<string, unknown>): Promise<UserError> => {
  const { job, errors } = await writingNothing(world.app.database, () => build(input));
  expect(job).toBeNull();
  expect(errors).toHaveLength(1);
  expect(errors[0]?.fix).toBeTruthy();
  return errors[0] as UserError;
};

const countPatches = async (): Promise<number> => {
  const { rows } = await world.app.database.query<{ patches: number }>(
    "SELECT sum(vectors)::int AS patches FROM slide_features",
  );
  return rows[0]?.patches ?? 0;
};

type Shares = { shares: { totalCount: number; nodes: { patient: { key: string }; share: number }[] } };

const floats = (base64: string): Float32Array => new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);

const cosineDistance = (a: Float32Array, b: Float32Array): number => {
  const product = a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  return 1 - product / (Math.hypot(...a) * Math.hypot(...b));
};

const saveCohort = (studyKey: string, key: string, patients: object) =>
  world.ask("mutation($input: SaveCohortInput!) { saveCohort(input: $input) { errors { message } } }", {
    input: { studyKey, key, name: key, patients },
  });

const numberOf = async (featureSetId: string): Promise<number> => {
  const [, key] = decodeId(featureSetId)?.parts ?? [];
  return (await world.app.prisma.featureSet.findFirstOrThrow({ where: { key: String(key) } })).id;
};

const buildNumber = async (codebookId: string): Promise<number> => {
  const key = String(decodeId(codebookId)?.parts[2]);
  return (await world.app.prisma.codebookBuild.findFirstOrThrow({ where: { key } })).id;
};

/** Takes a codebook away as if it had never been asked for. */
const forget = async (codebookId: string): Promise<void> => {
  const id = await buildNumber(codebookId);
  await world.app.database.query("DELETE FROM job WHERE kind = 'CODEBOOK' AND result_id = $1", [String(id)]);
  await world.app.database.query("DELETE FROM codebook_build WHERE id = $1", [id]);
};

beforeAll(async () => {
  world = await createWorld();
  ({ featureSet } = await seedStudy(world, PATIENTS));
});
afterAll(() => world.close());

describe("a codebook of a study", () => {
  it("groups every patch, into phenotypes that hold some", async () => {
    const made = await built({ clusters: 5, seed: 1 });
    expect(made).toMatchObject({ scope: "STUDY", clusters: 5, patient: null, explainedVariance: null });
    expect(made.lineage).toMatchObject({ isStale: false, staleReason: null });
    const sizes = made.phenotypes.map(({ size }) => size);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(await countPatches());
    expect(made.phenotypes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(made.inertia).toBeGreaterThan(0);
    expect(made.silhouette).toBeGreaterThan(-1);
  });

  it("asked twice is built once", async () => {
    const first = await built({ clusters: 5, seed: 1 });
    const asked = await writingNothing(world.app.database, () => build({ clusters: 5, seed: 1 }));
    expect(asked.job).toMatchObject({ state: "SUCCEEDED", result: { id: first.id } });
  });

  it("is the same bit for bit when it is built again, and another with another seed", async () => {
    const first = await built({ clusters: 5, seed: 1 });
    await forget(first.id);
    expect(await built({ clusters: 5, seed: 1 })).toEqual(first);
    const other = await built({ clusters: 5, seed: 2 });
    expect(other.id).not.toBe(first.id);
    expect(other.lineage.digest).not.toBe(first.lineage.digest);
  });

  it("is what its own definition says: every patch is nearest to its own centroid", async () => {
    const made = await built({ clusters: 4, seed: 3 });
    const centroids = made.phenotypes.map(({ index, centroid }) => ({ index, values: floats(centroid) }));
    const { rows } = await world.app.database.query<{ v: string; phenotype: number; distance: number }>(
      `SELECT vector.v::text AS v, held.phenotype, held.distance FROM features.vectors_${await numberOf(featureSet)} AS vector
       JOIN features.assignments_${await buildNumber(made.id)} AS held USING (patch_id)`,
    );
    expect(rows).toHaveLength(await countPatches());
    let inertia = 0;
    for (const { v, phenotype, distance } of rows) {
      const vector = Float32Array.from(JSON.parse(v) as number[]);
      const distances = new Map(centroids.map(({ index, values }) => [index, cosineDistance(vector, values)]));
      expect(distances.get(phenotype)).toBeCloseTo(Math.min(...distances.values()), 5);
      expect(distances.get(phenotype)).toBeCloseTo(distance, 5);
      inertia += 2 * distance;
    }
    expect(made.inertia).toBeCloseTo(inertia, 4);
  });

  it("of principal components tells how much variance they hold, and has centroids among the vectors", async () => {
    const made = await built({ clusters: 3, pca: 8, whiten: true });
    const variance = made.explainedVariance ?? [];
    expect(variance).toHaveLength(8);
    expect(variance).toEqual(variance.toSorted((a, b) => b - a));
    expect(variance.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1);
    const { similarPatches } = await world.ask<{
      similarPatches: { hits: { patch: { phenotype: { id: string } } }[] };
    }>(
      `query($featureSet: ID!, $codebook: ID!, $phenotype: ID!) {
        similarPatches(input: {featureSet: $featureSet, to: {phenotype: $phenotype}, first: 1}) {
          hits { patch { phenotype(codebook: $codebook) { id } } } } }`,
      { featureSet, codebook: made.id, phenotype: made.phenotypes[0]?.id },
    );
    expect(similarPatches.hits[0]?.patch.phenotype.id).toBe(made.phenotypes[0]?.id);
  });

  it("with a sample is fitted to it and assigns every patch", async () => {
    const made = await built({ clusters: 3, sample: 20 });
    expect(made.phenotypes.reduce((sum, { size }) => sum + size, 0)).toBe(await countPatches());
  });
});

describe("codebooks of each patient", () => {
  it("have no more clusters than patches, and none that is empty", async () => {
    const { job, errors } = await build({ scope: "PATIENT", clusters: 1000 });
    expect(errors).toEqual([]);
    expect(await world.jobEnd(job?.id ?? "")).toBe("SUCCEEDED");
    const { study } = await world.ask<{ study: { codebooks: Codebook[] } }>(
      `{ study(key: "glioma") { codebooks { ${CODEBOOK.replace("... on Codebook {", "").slice(0, -1)} } } }`,
    );
    const own = study.codebooks.filter(({ clusters }) => clusters === 1000);
    expect(own.map(({ patient }) => patient?.key)).toEqual(
      Array.from({ length: PATIENTS }, (_, index) => `SYN-${String(index + 1).padStart(4, "0")}`),
    );
    const { rows } = await world.app.database.query<{ patches: number }>(
      `SELECT features.vectors AS patches FROM slide_features AS features JOIN slide ON slide.id = features.slide_id ORDER BY slide.key`,
    );
    for (const [index, { phenotypes }] of own.entries()) {
      expect(phenotypes.reduce((sum, { size }) => sum + size, 0)).toBe(rows[index]?.patches);
      expect(phenotypes.every(({ size }) => size > 0)).toBe(true);
      expect(phenotypes.length).toBeLessThanOrEqual(rows[index]?.patches ?? 0);
    }
  });
});

describe("a codebook of a cohort", () => {
  it("is made of its patients alone", async () => {
    await saveCohort("glioma", "two", { keys: ["SYN-0001", "SYN-0002"] });
    const made = await built({ scope: "COHORT", cohort: encodeId("Cohort", "glioma", "two"), clusters: 2 });
    const { node } = await world.ask<{ node: { cohort: { key: string }; phenotypes: Shares[] } }>(
      `query($id: ID!) { node(id: $id) { ... on Codebook { cohort { key }
        phenotypes { shares { totalCount nodes { patient { key } share } } } } } }`,
      { id: made.id },
    );
    expect(node.cohort.key).toBe("two");
    for (const { shares } of node.phenotypes) {
      expect(shares.totalCount).toBe(2);
      expect(shares.nodes.map(({ patient }) => patient.key).sort()).toEqual(["SYN-0001", "SYN-0002"]);
    }
  });
});

describe("what cannot be built is refused, and nothing is written", () => {
  it.each([
    ["one cluster", { clusters: 1 }, "BAD_ARGUMENT", ["clusters"]],
    ["no cluster", { clusters: 0 }, "BAD_ARGUMENT", ["clusters"]],
    ["more than 1000 clusters", { clusters: 1001 }, "BAD_ARGUMENT", ["clusters"]],
    ["more clusters than patches", { clusters: 999 }, "BAD_ARGUMENT", ["clusters"]],
    ["a sample smaller than the clusters", { clusters: 5, sample: 4 }, "BAD_ARGUMENT", ["sample"]],
    ["no components", { clusters: 2, pca: 0 }, "BAD_ARGUMENT", ["pca"]],
    ["more components than dimensions", { clusters: 2, pca: 10_000 }, "BAD_ARGUMENT", ["pca"]],
    ["components of single patients", { clusters: 2, pca: 2, scope: "PATIENT" }, "BAD_ARGUMENT", ["pca"]],
    ["whitening of nothing", { clusters: 2, whiten: true }, "BAD_ARGUMENT", ["whiten"]],
    ["a cohort without the scope", { clusters: 2, cohort: "x" }, "BAD_ARGUMENT", ["cohort"]],
    ["the scope without a cohort", { clusters: 2, scope: "COHORT" }, "BAD_ARGUMENT", ["cohort"]],
    ["a filter that nothing passes", { clusters: 2, slides: { keys: ["none"] } }, "NOT_FOUND", ["featureSet"]],
    [
      "a filter of another study",
      { clusters: 2, slides: { studyKey: "other" } },
      "BAD_ARGUMENT",
      ["slides", "studyKey"],
    ],
  ])("%s", async (_, input, code, path) => {
    expect(await refusal(input)).toMatchObject({ code, path });
  });

  it("a feature set that is none", async () => {
    expect(await refusal({ clusters: 2, featureSet: encodeId("FeatureSet", "glioma", "none") })).toMatchObject({
      code: "NOT_FOUND",
      path: ["featureSet"],
    });
  });

  it("a cohort of another study, or one that is none", async () => {
    await world.ask('mutation { createStudy(input: {key: "other", name: "Other"}) { study { id } } }');
    await saveCohort("other", "all", {});
    for (const [study, key, code] of [
      ["other", "all", "BAD_ARGUMENT"],
      ["glioma", "none", "NOT_FOUND"],
    ] as const) {
      const cohort = encodeId("Cohort", study, key);
      expect((await refusal({ clusters: 2, scope: "COHORT", cohort })).code).toBe(code);
    }
  });

  it("a feature set without vectors", async () => {
    const { database } = world.app;
    await database.query("UPDATE slide_features SET is_complete = false");
    try {
      expect(await refusal({ clusters: 2, seed: 77 })).toMatchObject({ code: "NOT_FOUND", path: ["featureSet"] });
    } finally {
      await database.query("UPDATE slide_features SET is_complete = true");
    }
  });

  it("slides of several stains, unless it is asked for", async () => {
    const { database } = world.app;
    await database.query("UPDATE slide SET stain = 'HE' WHERE key = (SELECT min(key) FROM slide)");
    try {
      expect(await refusal({ clusters: 2, seed: 5 })).toMatchObject({ code: "MIXED_STAINS", path: ["slides"] });
      await built({ clusters: 2, seed: 5, slides: { stains: ["IHC"] } });
      await built({ clusters: 2, seed: 5, allowMixedStains: true });
    } finally {
      await database.query("UPDATE slide SET stain = 'IHC'");
    }
  });
});

describe("a codebook knows its patches", () => {
  it("assigns slides that came later, without fitting anew", async () => {
    const { database } = world.app;
    const late = "(SELECT max(slide_id) FROM slide_features)";
    await database.query(`UPDATE slide_features SET is_complete = false WHERE slide_id = ${late}`);
    const first = await built({ clusters: 3, seed: 11 });
    await database.query(`UPDATE slide_features SET is_complete = true WHERE slide_id = ${late}`);
    const grown = await built({ clusters: 3, seed: 11 });
    expect(grown.id).toBe(first.id);
    expect(grown.lineage).toEqual(first.lineage);
    expect(grown.inertia).toBe(first.inertia);
    expect(grown.phenotypes.map(({ centroid }) => centroid)).toEqual(first.phenotypes.map(({ centroid }) => centroid));
    expect(grown.phenotypes.reduce((sum, { size }) => sum + size, 0)).toBe(await countPatches());
    await writingNothing(database, () => build({ clusters: 3, seed: 11 }));
  });

  it("assigns slides by itself when they are embedded, for every codebook that they belong to", async () => {
    const { database } = world.app;
    const { rows } = await database.query<{ id: number; key: string }>(
      "SELECT id, key FROM slide ORDER BY key DESC LIMIT 1",
    );
    const [late] = rows;
    await database.query("DELETE FROM slide_features WHERE slide_id = $1", [late?.id]);
    await database.query(`DELETE FROM features.vectors_${await numberOf(featureSet)} WHERE slide_id = $1`, [late?.id]);
    const whole = await built({ clusters: 3, seed: 15 });
    const rest = await built({ clusters: 3, seed: 16, slides: { not: { keys: [late?.key] } } });
    const { embedSlides } = await world.ask<{ embedSlides: { job: { id: string } } }>(EMBED);
    expect(await world.jobEnd(embedSlides.job.id)).toBe("SUCCEEDED");
    const size = async (id: string) =>
      ((await codebook(id))?.phenotypes ?? []).reduce((sum, phenotype) => sum + phenotype.size, 0);
    const before = await size(rest.id);
    await expect.poll(() => size(whole.id), { timeout: 20_000 }).toBe(await countPatches());
    expect(await size(rest.id)).toBe(before);
    expect((await codebook(whole.id))?.lineage).toEqual(whole.lineage);
  });

  it("is stale when a slide was embedded again, and a new one is built beside it", async () => {
    const { database } = world.app;
    const first = await built({ clusters: 3, seed: 12 });
    await database.query(
      "UPDATE slide_features SET completed_at = now() WHERE slide_id = (SELECT max(slide_id) FROM slide_features)",
    );
    expect((await codebook(first.id))?.lineage).toMatchObject({
      isStale: true,
      staleReason: expect.stringMatching(/1 slides/),
    });
    const second = await built({ clusters: 3, seed: 12 });
    expect(second.id).not.toBe(first.id);
    expect(second.lineage.isStale).toBe(false);
    expect((await codebook(first.id))?.phenotypes).toHaveLength(first.phenotypes.length);
  });

  it("shows nothing of what was cancelled, and goes on when it is retried", async () => {
    const { job } = await build({ clusters: 3, seed: 13 });
    await world.query("mutation($id: ID!) { cancelJob(id: $id) { job { state } } }", { id: job?.id });
    const state = await world.jobEnd(job?.id ?? "");
    const { job: ended } = await world.ask<{ job: { result: unknown } }>(
      "query($id: ID!) { job(id: $id) { result { id } } }",
      { id: job?.id },
    );
    if (state === "CANCELLED") {
      expect(ended.result).toBeNull();
      await world.ask("mutation($id: ID!) { retryJob(id: $id) { errors { message } } }", { id: job?.id });
      expect(await world.jobEnd(job?.id ?? "")).toBe("SUCCEEDED");
    }
    const made = await built({ clusters: 3, seed: 13 });
    expect(made.phenotypes.reduce((sum, { size }) => sum + size, 0)).toBe(await countPatches());
  });

  it("goes on behind the slides that a killed job had written", async () => {
    const { database } = world.app;
    const whole = await built({ clusters: 3, seed: 14 });
    const id = await buildNumber(whole.id);
    // As a worker leaves it that dies between two batches: the codebook and some slides are there, the rest is not.
    await database.query("UPDATE codebook_build SET is_complete = false WHERE id = $1", [id]);
    const half = "slide_id > (SELECT min(slide_id) FROM slide_features)";
    await database.query(`DELETE FROM codebook_slide WHERE build_id = $1 AND ${half}`, [id]);
    await database.query(`DELETE FROM features.assignments_${id} WHERE ${half}`);
    await database.query(
      `DELETE FROM phenotype_share WHERE codebook_id IN (SELECT id FROM codebook WHERE build_id = $1) AND ${half}`,
      [id],
    );
    await database.query(
      `UPDATE phenotype SET size = coalesce((SELECT sum(patches) FROM phenotype_share AS held
         WHERE held.codebook_id = phenotype.codebook_id AND held.idx = phenotype.idx), 0)
       WHERE codebook_id IN (SELECT id FROM codebook WHERE build_id = $1)`,
      [id],
    );
    await database.query(
      `UPDATE codebook SET silhouette = NULL, inertia = (SELECT sum(2 * distance::float8) FROM features.assignments_${id}) WHERE build_id = $1`,
      [id],
    );
    expect(await codebook(whole.id)).toBeNull();
    const again = await built({ clusters: 3, seed: 14 });
    expect(again).toEqual({ ...whole, inertia: expect.closeTo(whole.inertia, 6) });
  });
});

const hasServer = process.env.DATABASE_URL !== undefined;
if (!hasServer) console.log("Codebooks of two databases are not compared: DATABASE_URL names no server.");

describe.skipIf(!hasServer)("on the embedded database and on a server", () => {
  it("the same slides, parameters and provider give the same codebook, bit for bit", async () => {
    const onServer = await Promise.all([
      built({ clusters: 6, seed: 21 }),
      built({ clusters: 4, seed: 22, pca: 5, whiten: true }),
    ]);
    const server = { world, featureSet };
    vi.stubEnv("DATABASE_URL", undefined);
    world = await createWorld();
    try {
      expect(world.app.database.kind).toBe("embedded");
      ({ featureSet } = await seedStudy(world, PATIENTS));
      expect(await built({ clusters: 6, seed: 21 })).toEqual(onServer[0]);
      expect(await built({ clusters: 4, seed: 22, pca: 5, whiten: true })).toEqual(onServer[1]);
    } finally {
      await world.close();
      vi.unstubAllEnvs();
      ({ world, featureSet } = server);
    }
  });
});

describe("codebookChoice", () => {
  const choice = (input: Record<string, unknown>) =>
    world.query<{ codebookChoice: { rows: Record<string, number>[]; sampled: number; patches: number } }>(
      "query($input: CodebookChoiceInput!) { codebookChoice(input: $input) { sampled patches rows { clusters inertiaPerPatch silhouette stability } } }",
      { input: { featureSet, ...input } },
    );

  it("reports each number of clusters on a sample", async () => {
    const { data } = await choice({ clusters: [2, 4, 8], sample: 40 });
    const { rows = [], sampled, patches } = data?.codebookChoice ?? {};
    expect([sampled, patches]).toEqual([40, await countPatches()]);
    expect(rows.map(({ clusters }) => clusters)).toEqual([2, 4, 8]);
    const inertia = rows.map(({ inertiaPerPatch }) => inertiaPerPatch ?? 0);
    expect(inertia).toEqual(inertia.toSorted((a, b) => b - a));
    for (const { stability = 2, silhouette = 2 } of rows) {
      expect(stability).toBeLessThanOrEqual(1);
      expect(Math.abs(silhouette)).toBeLessThanOrEqual(1);
    }
  });

  it.each([
    [{ clusters: [] }, "BAD_ARGUMENT"],
    [{ clusters: [1] }, "BAD_ARGUMENT"],
    [{ clusters: [65] }, "BAD_ARGUMENT"],
    [{ clusters: [2, 3, 4, 5, 6, 7, 8, 9, 10] }, "LIMIT_EXCEEDED"],
    [{ clusters: [2], sample: 9 }, "BAD_ARGUMENT"],
    [{ clusters: [64], sample: 20 }, "BAD_ARGUMENT"],
  ])("%j is refused", async (input, code) => {
    expect((await choice(input)).errors?.map((error) => error.code)).toEqual([code]);
  });
});
