import { globSync } from "node:fs";
import { basename, extname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { writingNothing } from "./support/counts.ts";
import { createWorld, EMBED, seedStudy, type World } from "./support/world.ts";

/** A smaller feature set: what is in it, what can be done with it, and when it no longer holds. */

type UserError = { code: string; message: string; path: string[] | null; fix: string | null };
type Asked = {
  job: { id: string; kind: string; state: string; result: { id: string } | null } | null;
  errors: UserError[];
};
type Reduced = {
  id: string;
  key: string;
  dims: number;
  vectors: number;
  preprocessing: Record<string, unknown>;
  lineage: {
    digest: string;
    parameters: { explainedVarianceRatio: number[] };
    isStale: boolean;
    staleReason: string | null;
  };
};
type Hit = { distance: number; patch: { id: string; x: number; y: number; slide: { key: string } } };

const PATIENTS = 4;
const COMPONENTS = 16;

let world: World;
let featureSet: string;
let reduced: Reduced;

const ask = async (input: Record<string, unknown>): Promise<Asked> => {
  const { reduceFeatureSet } = await world.ask<{ reduceFeatureSet: Asked }>(
    `mutation($input: ReduceFeatureSetInput!) { reduceFeatureSet(input: $input) {
       job { id kind state result { ... on FeatureSet { id } } } errors { code message path fix } } }`,
    { input: { featureSet, key: "small", components: COMPONENTS, ...input } },
  );
  return reduceFeatureSet;
};

const read = async (id: string): Promise<Reduced> =>
  (
    await world.ask<{ node: Reduced }>(
      `query($id: ID!) { node(id: $id) { ... on FeatureSet { id key dims vectors preprocessing
         lineage { digest parameters isStale staleReason } } } }`,
      { id },
    )
  ).node;

/** Asks for a smaller feature set and waits for it. */
const make = async (input: Record<string, unknown>): Promise<Reduced> => {
  const { job, errors } = await ask(input);
  expect(errors).toEqual([]);
  expect(await world.jobEnd(job?.id ?? "")).toBe("SUCCEEDED");
  return read(job?.result?.id ?? "");
};

const refusal = async (input: Record<string, unknown>): Promise<UserError> => {
  const { job, errors } = await writingNothing(world.app.database, () => ask(input));
  expect(job).toBeNull();
  expect(errors).toHaveLength(1);
  expect(errors[0]?.fix).toBeTruthy();
  return errors[0] as UserError;
};

const numberOf = async (key: string): Promise<number> =>
  (await world.app.prisma.featureSet.findFirstOrThrow({ where: { key } })).id;

/** Every vector of a feature set, by patch. */
const vectorsOf = async (key: string): Promise<number[][]> => {
  const { rows } = await world.app.database.query<{ v: string }>(
    `SELECT v::text AS v FROM features.vectors_${await numberOf(key)} ORDER BY patch_id`,
  );
  return rows.map(({ v }) => JSON.parse(v) as number[]);
};

/** Over rows − 1, of each column. */
const variances = (rows: readonly (readonly number[])[]): number[] =>
  (rows[0] ?? []).map((_, column) => {
    const values = rows.map((row) => row[column] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  });

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Numbers of the rows nearest to each row by cosine, itself left out. */
const nearestRows = (rows: readonly number[][], count: number): number[][] => {
  const units = rows.map((row) => row.map((value) => value / Math.hypot(...row)));
  return units.map((unit, own) =>
    units
      .map((other, index) => ({ index, cosine: total(unit.map((value, place) => value * (other[place] as number))) }))
      .filter(({ index }) => index !== own)
      .sort((a, b) => b.cosine - a.cosine)
      .slice(0, count)
      .map(({ index }) => index),
  );
};

const similar = async (set: string, to: Record<string, unknown>, first: number): Promise<Hit[]> =>
  (
    await world.ask<{ similarPatches: { hits: Hit[] } }>(
      "query($input: SimilarPatchesInput!) { similarPatches(input: $input) { hits { distance patch { id x y slide { key } } } } }",
      { input: { featureSet: set, to, first } },
    )
  ).similarPatches.hits;

/** What a slide in the source looks like after it was embedded again. */
const embedAgain = async (slideKey: string) =>
  world.app.database.query(
    `UPDATE slide_features SET completed_at = completed_at + interval '1 second'
     WHERE feature_set_id = $1 AND slide_id = (SELECT id FROM slide WHERE key = $2)`,
    [await numberOf("cnn"), slideKey],
  );

const slideKeys = async (): Promise<string[]> =>
  (await world.app.prisma.slide.findMany({ orderBy: { key: "asc" } })).map(({ key }) => key);

beforeAll(async () => {
  world = await createWorld();
  ({ featureSet } = await seedStudy(world, PATIENTS));
  reduced = await make({});
});
afterAll(() => world.close());

describe("a smaller feature set", () => {
  it("has a vector of every patch, and says what it was made of", async () => {
    const whole = await read(featureSet);
    expect(reduced).toMatchObject({ key: "small", dims: COMPONENTS, vectors: whole.vectors });
    expect(reduced.preprocessing).toMatchObject({
      stainNormalization: "NONE",
      reducedFrom: whole.lineage.digest,
      source: "cnn",
      components: COMPONENTS,
      whiten: false,
      seed: 0,
      sample: null,
      fittedPatches: whole.vectors,
    });
    expect(reduced.lineage).toMatchObject({ isStale: false, staleReason: null });
    expect(reduced.lineage.digest).not.toBe(whole.lineage.digest);
  });

  it("explains the variance that its vectors have", async () => {
    const { explainedVarianceRatio } = reduced.lineage.parameters;
    expect(explainedVarianceRatio).toHaveLength(COMPONENTS);
    expect(explainedVarianceRatio).toEqual([...explainedVarianceRatio].sort((a, b) => b - a));
    expect(total(explainedVarianceRatio)).toBeLessThanOrEqual(1);
    const [whole, small] = [variances(await vectorsOf("cnn")), variances(await vectorsOf("small"))];
    for (const [index, variance] of small.entries()) {
      expect(variance / total(whole)).toBeCloseTo(explainedVarianceRatio[index] as number, 3);
    }
  });

  it("finds much the same neighbours as the whole one", async () => {
    const [whole, small] = [nearestRows(await vectorsOf("cnn"), 5), nearestRows(await vectorsOf("small"), 5)];
    const found = whole.map((rows, index) => rows.filter((row) => small[index]?.includes(row)).length);
    const recall = total(found) / (whole.length * 5);
    console.log(
      `recall@5 ${recall} of ${whole.length}, explained ${total(reduced.lineage.parameters.explainedVarianceRatio)}`,
    );
    expect(recall).toBeGreaterThan(0.6);
  });

  it("answers similarPatches with the nearest of its own vectors", async () => {
    const rows = await vectorsOf("small");
    const [nearest] = nearestRows(rows, 5) as [number[]];
    const hits = await similar(reduced.id, { vector: rows[0] }, 6);
    const cosine = (a: readonly number[], b: readonly number[]) =>
      total(a.map((value, place) => value * (b[place] as number))) / (Math.hypot(...a) * Math.hypot(...b));
    const expected = nearest.map((row) => 1 - cosine(rows[0] as number[], rows[row] as number[]));
    expect(hits[0]?.distance).toBeCloseTo(0, 3);
    for (const [index, distance] of expected.entries()) expect(hits[index + 1]?.distance).toBeCloseTo(distance, 3);
    const [patch] = hits as [Hit];
    expect((await similar(reduced.id, { patch: patch.patch.id }, 5)).length).toBeGreaterThan(0);
  });

  it("finds the place that a picture was cut from", async () => {
    const [file] = globSync(join(world.folder, "slides", "slides", "*")).sort();
    const key = basename(file as string, extname(file as string));
    const { rows } = await world.app.database.query<{ x: number; y: number }>(
      `SELECT patch.x, patch.y FROM features.patch JOIN patch_grid AS grid ON grid.id = patch.id / 16777216
       JOIN slide ON slide.id = grid.slide_id WHERE slide.key = $1 ORDER BY patch.id OFFSET 3 LIMIT 1`,
      [key],
    );
    const { x, y } = rows[0] as { x: number; y: number };
    const png = await sharp(file).extract({ left: x, top: y, width: 224, height: 224 }).png().toBuffer();
    const [hit] = await similar(reduced.id, { image: { data: png.toString("base64"), micronsPerPixel: 0.5 } }, 1);
    expect(hit?.patch).toMatchObject({ x, y, slide: { key } });
    expect(hit?.distance).toBeLessThan(0.01);
  });

  it("refuses a vector of the whole one", async () => {
    const { errors } = await world.query(
      "query($input: SimilarPatchesInput!) { similarPatches(input: $input) { hits { distance } } }",
      { input: { featureSet: reduced.id, to: { vector: await anyVector("cnn") } } },
    );
    expect(errors).toMatchObject([{ code: "DIMENSION_MISMATCH" }]);
  });

  it("can be grouped into phenotypes", async () => {
    const { buildCodebook } = await world.ask<{ buildCodebook: Asked }>(
      `mutation($id: ID!) { buildCodebook(input: {featureSet: $id, scope: STUDY, clusters: 3}) {
         job { id kind state } errors { code message path fix } } }`,
      { id: reduced.id },
    );
    expect(buildCodebook.errors).toEqual([]);
    expect(await world.jobEnd(buildCodebook.job?.id ?? "")).toBe("SUCCEEDED");
    const { job } = await world.ask<{ job: { result: { phenotypes: { size: number }[] } } }>(
      "query($id: ID!) { job(id: $id) { result { ... on Codebook { phenotypes { size } } } } }",
      { id: buildCodebook.job?.id },
    );
    expect(total(job.result.phenotypes.map(({ size }) => size))).toBe(reduced.vectors);
  });

  it("whitened has components of variance 1, fitted to a sample when that is asked for", async () => {
    const made = await make({ key: "white", components: 4, whiten: true });
    for (const variance of variances(await vectorsOf("white"))) expect(variance).toBeCloseTo(1, 2);
    expect(made.lineage.digest).not.toBe(reduced.lineage.digest);
    const sampled = await make({ key: "sampled", components: 4, sample: 20, seed: 3 });
    expect(sampled.preprocessing).toMatchObject({ fittedPatches: 20, seed: 3 });
    expect(sampled.vectors).toBe(reduced.vectors);
  });
});

const anyVector = async (key: string): Promise<number[]> => (await vectorsOf(key))[0] as number[];

describe("asked again", () => {
  it("does nothing twice", async () => {
    const { job } = await writingNothing(world.app.database, () => ask({}));
    expect(job).toMatchObject({ kind: "EMBED", state: "SUCCEEDED", result: { id: reduced.id } });
    expect(await read(reduced.id)).toEqual(reduced);
  });

  it("at the same time makes one feature set in one job", async () => {
    const asked = await Promise.all([1, 2, 3].map(() => ask({ key: "at-once", components: 3 })));
    expect(new Set(asked.map(({ job }) => job?.id)).size).toBe(1);
    expect(await world.jobEnd(asked[0]?.job?.id ?? "")).toBe("SUCCEEDED");
  });

  it("gives the same vectors under another key", async () => {
    const other = await make({ key: "again" });
    expect(await vectorsOf("again")).toEqual(await vectorsOf("small"));
    expect(other.lineage.digest).toBe(reduced.lineage.digest);
  });

  it("for something else under a key that is taken is refused", async () => {
    for (const other of [{ components: 8 }, { whiten: true }, { seed: 5 }, { sample: 30 }, { key: "cnn" }]) {
      expect(await refusal(other)).toMatchObject({ code: "CONFLICT", path: ["key"] });
    }
  });

  it("by embedSlides is refused, with the way to do it", async () => {
    const { embedSlides } = await writingNothing(world.app.database, () =>
      world.ask<{ embedSlides: { errors: UserError[] } }>(EMBED.replace('"cnn"', '"small"')),
    );
    expect(embedSlides.errors).toMatchObject([{ code: "CONFLICT", fix: expect.stringContaining("reduceFeatureSet") }]);
  });
});

describe("when slides of the source change", () => {
  it("is stale, and asked again takes over those slides alone, with the same components", async () => {
    const [changed] = (await slideKeys()) as [string];
    const setNumber = await numberOf("small");
    const { rows: before } = await world.app.database.query<{ xmin: string; slide_id: number }>(
      `SELECT max(xmin::text) AS xmin, slide_id FROM features.vectors_${setNumber} GROUP BY slide_id ORDER BY slide_id`,
    );
    await embedAgain(changed);
    const stale = await read(reduced.id);
    expect(stale.lineage).toMatchObject({ isStale: true, staleReason: expect.stringContaining("reduceFeatureSet") });
    const fresh = await make({});
    expect(fresh).toEqual(reduced);
    const { rows: after } = await world.app.database.query<{ xmin: string; slide_id: number }>(
      `SELECT max(xmin::text) AS xmin, slide_id FROM features.vectors_${setNumber} GROUP BY slide_id ORDER BY slide_id`,
    );
    expect(after.filter(({ xmin }, index) => xmin !== before[index]?.xmin)).toHaveLength(1);
  });

  it("is not stale for slides that are new, and asked again adds them", async () => {
    const [first] = (await slideKeys()) as [string];
    const setNumber = await numberOf("small");
    // As if the slide had come after the feature set was made.
    await world.app.database.query(
      `DELETE FROM features.vectors_${setNumber} WHERE slide_id = (SELECT id FROM slide WHERE key = $1)`,
      [first],
    );
    await world.app.database.query(
      "DELETE FROM slide_features WHERE feature_set_id = $2 AND slide_id = (SELECT id FROM slide WHERE key = $1)",
      [first, setNumber],
    );
    const partial = await read(reduced.id);
    expect(partial.vectors).toBeLessThan(reduced.vectors);
    expect(partial.lineage.isStale).toBe(false);
    expect(await make({})).toEqual(reduced);
  });
});

describe("a job that was interrupted", () => {
  it("goes on behind its last slide, with the components that it had found", async () => {
    const made = await make({ key: "resumed", components: 5, seed: 2 });
    const rows = await vectorsOf("resumed");
    const setNumber = await numberOf("resumed");
    const { database } = world.app;
    // As a worker leaves it that is killed after the first slide.
    const later = "slide_id > (SELECT min(slide_id) FROM slide_features WHERE feature_set_id = $1)";
    await database.query(`DELETE FROM features.vectors_${setNumber} WHERE ${later}`, [setNumber]);
    await database.query(`DELETE FROM slide_features WHERE feature_set_id = $1 AND ${later}`, [setNumber]);
    await database.query("UPDATE job SET state = 'FAILED' WHERE kind = 'EMBED' AND result_id = $1", [
      String(setNumber),
    ]);
    const writtenBy = `SELECT xmin::text AS xmin FROM features.vectors_${setNumber}
      WHERE slide_id = (SELECT min(slide_id) FROM slide_features WHERE feature_set_id = $1)`;
    const kept = await database.query(writtenBy, [setNumber]);
    expect(kept.rows.length).toBeLessThan(rows.length);
    const { rows: jobs } = await database.query<{ id: string }>("SELECT id FROM job WHERE result_id = $1", [
      String(setNumber),
    ]);
    const { retryJob } = await world.ask<{ retryJob: { job: { id: string }; errors: UserError[] } }>(
      "mutation($id: ID!) { retryJob(id: $id) { job { id } errors { code message path fix } } }",
      { id: encodeId("Job", jobs[0]?.id ?? "") },
    );
    expect(retryJob.errors).toEqual([]);
    expect(await world.jobEnd(retryJob.job.id)).toBe("SUCCEEDED");
    expect(await vectorsOf("resumed")).toEqual(rows);
    expect(await read(made.id)).toEqual(made);
    const { rows: after } = await database.query(writtenBy, [setNumber]);
    expect(after).toEqual(kept.rows);
  });
});

describe("refused with what is wrong", () => {
  it.each([
    [{ components: 0 }, "components"],
    [{ components: 673 }, "components"],
    [{ components: 16, sample: 16 }, "sample"],
    [{ key: "no key" }, "key"],
  ])("%j", async (input, path) => {
    expect(await refusal({ key: "bad", ...input })).toMatchObject({ code: "BAD_ARGUMENT", path: [path] });
  });

  it("more components than patches, with how many there are", async () => {
    expect(await refusal({ key: "bad", components: 300 })).toMatchObject({
      code: "BAD_ARGUMENT",
      path: ["components"],
      message: `${reduced.vectors} patches have no 300 components.`,
      fix: `Ask for at most ${reduced.vectors - 1}.`,
    });
  });

  it("a feature set that is not there, and one that is reduced already", async () => {
    const missing = encodeId("FeatureSet", "glioma", "nothing");
    expect(await refusal({ key: "bad", featureSet: missing })).toMatchObject({
      code: "NOT_FOUND",
      path: ["featureSet"],
    });
    expect(await refusal({ key: "bad", featureSet: "x" })).toMatchObject({ path: ["featureSet"] });
    expect(await refusal({ key: "bad", featureSet: reduced.id, components: 2 })).toMatchObject({
      code: "BAD_ARGUMENT",
      path: ["featureSet"],
    });
  });

  it("a feature set without vectors", async () => {
    await world.app.database.query(
      `INSERT INTO feature_set (study_id, key, encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue, preprocessing, dims, digest)
       SELECT study_id, 'empty', encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue, preprocessing, dims, 'none'
       FROM feature_set WHERE key = 'cnn'`,
    );
    const empty = encodeId("FeatureSet", "glioma", "empty");
    expect(await refusal({ key: "bad", featureSet: empty })).toMatchObject({ code: "NOT_FOUND", path: ["featureSet"] });
    await world.app.database.query("DELETE FROM feature_set WHERE key = 'empty'");
  });
});
