import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { writingNothing } from "./support/counts.ts";
import { createWorld, seedStudy, type World } from "./support/world.ts";

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

  it("is the same bit for bit when it is built again, and another with another seed", async () => {
    const first = await built({ clusters: 5, seed: 1 });
    await world.app.database.query("DELETE FROM codebook_build");
    const again = await built({ clusters: 5, seed: 1 });
    expect(again).toEqual(first);
    const other = await built({ clusters: 5, seed: 2 });
    expect(other.id).not.toBe(first.id);
  });

  it("asked twice is built once", async () => {
    const first = await built({ clusters: 3 });
    const asked = await writingNothing(world.app.database, () => build({ clusters: 3 }));
    expect(asked.job).toMatchObject({ state: "SUCCEEDED", result: { id: first.id } });
  });
});
