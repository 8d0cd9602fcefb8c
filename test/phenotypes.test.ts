import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId, encodeId } from "../src/platform/ids.ts";
import { writingNothing } from "./support/counts.ts";
import { anyPatch, createWorld, seedStudy, type World } from "./support/world.ts";

/** Phenotypes of a seeded study: shares, exemplars, names, and all that is found by them. */

type Share = { patient: { key: string }; slide: { key: string } | null; patches: number; share: number };
type Connection = { totalCount: number; nodes: Share[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
type Hit = { distance: number; because: { patch: { slide: { key: string } }; distance: number }[] };

const PATIENTS = 5;

let world: World;
let featureSet: string;
/** Ids of codebooks: of the study, of its principal components, and of the first patient's own. */
let study: string;
let components: string;
let own: string;
let phenotypes: { id: string; index: number; size: number; centroid: string }[];

const build = async (input: Record<string, unknown>): Promise<string> => {
  const { buildCodebook } = await world.ask<{ buildCodebook: { job: { id: string } } }>(
    "mutation($input: BuildCodebookInput!) { buildCodebook(input: $input) { job { id } } }",
    { input: { featureSet, ...input } },
  );
  expect(await world.jobEnd(buildCodebook.job.id)).toBe("SUCCEEDED");
  const { job } = await world.ask<{ job: { result: { id: string } } }>(
    "query($id: ID!) { job(id: $id) { result { id } } }",
    {
      id: buildCodebook.job.id,
    },
  );
  return job.result.id;
};

const patientId = (number: number) => encodeId("Patient", "glioma", `SYN-000${number}`);

const slideIds = async (): Promise<string[]> => {
  const { study: found } = await world.ask<{ study: { slides: { nodes: { id: string }[] } } }>(
    '{ study(key: "glioma") { slides { nodes { id } } } }',
  );
  return found.slides.nodes.map(({ id }) => id);
};

const buildNumber = async (codebook: string): Promise<number> =>
  (await world.app.prisma.codebookBuild.findFirstOrThrow({ where: { key: String(decodeId(codebook)?.parts[2]) } })).id;

beforeAll(async () => {
  world = await createWorld();
  ({ featureSet } = await seedStudy(world, PATIENTS));
  study = await build({ scope: "STUDY", clusters: 4, seed: 1 });
  components = await build({ scope: "STUDY", clusters: 3, pca: 6 });
  own = await build({ scope: "PATIENT", clusters: 3 });
  const { node } = await world.ask<{ node: { phenotypes: typeof phenotypes } }>(
    "query($id: ID!) { node(id: $id) { ... on Codebook { phenotypes { id index size centroid } } } }",
    { id: study },
  );
  phenotypes = node.phenotypes;
});
afterAll(() => world.close());

describe("shares", () => {
  const SHARES = "totalCount pageInfo { hasNextPage endCursor } nodes { patient { key } slide { key } patches share }";

  it("of patients and slides are those of the assignments, greatest first", async () => {
    const { rows } = await world.app.database.query<{ key: string; phenotype: number; patches: number; share: number }>(
      `SELECT patient.key, held.phenotype, count(*)::int AS patches,
         count(*)::float8 / (SELECT sum(vectors) FROM slide_features JOIN slide AS own ON own.id = slide_id
           WHERE own.patient_id = patient.id)::float8 AS share
       FROM features.assignments_${await buildNumber(study)} AS held
       JOIN slide ON slide.id = held.slide_id JOIN patient ON patient.id = slide.patient_id
       GROUP BY patient.id, patient.key, held.phenotype`,
    );
    for (const { id, index } of phenotypes) {
      const { node } = await world.ask<{ node: { shares: Connection; slideShares: Connection } }>(
        `query($id: ID!) { node(id: $id) { ... on Phenotype { shares { ${SHARES} } slideShares { ${SHARES} } } } }`,
        { id },
      );
      const expected = rows.filter(({ phenotype }) => phenotype === index);
      expect(node.shares.totalCount).toBe(PATIENTS);
      expect(node.shares.nodes).toHaveLength(PATIENTS);
      for (const { patient, slide, patches, share } of node.shares.nodes) {
        const row = expected.find(({ key }) => key === patient.key);
        expect([slide, patches]).toEqual([null, row?.patches ?? 0]);
        expect(share).toBeCloseTo(row?.share ?? 0, 12);
      }
      const shares = node.shares.nodes.map(({ share }) => share);
      expect(shares).toEqual(shares.toSorted((a, b) => b - a));
      // One slide a patient here.
      expect(node.slideShares.nodes.map(({ share }) => share)).toEqual(shares);
      expect(node.slideShares.nodes.every(({ slide }) => slide !== null)).toBe(true);
    }
  });

  it("come in pages that together are the whole, and pass a filter", async () => {
    const page = async (first: number, after: string | null, patients: unknown = null) => {
      const { node } = await world.ask<{ node: { shares: Connection } }>(
        `query($id: ID!, $first: Int, $after: String, $patients: PatientFilter) { node(id: $id) { ... on Phenotype {
          shares(first: $first, after: $after, patients: $patients) { ${SHARES} } } } }`,
        { id: phenotypes[0]?.id, first, after, patients },
      );
      return node.shares;
    };
    const whole = await page(200, null);
    const pieces: Share[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const { nodes, pageInfo } = await page(2, after);
      pieces.push(...nodes);
      [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
    }
    expect(pieces).toEqual(whole.nodes);
    const some = await page(20, null, { keys: ["SYN-0002", "SYN-0003"] });
    expect(some.totalCount).toBe(2);
    expect(some.nodes).toEqual(whole.nodes.filter(({ patient }) => /[23]$/.test(patient.key)));
  });

  it("of a patient sum to 1 over a codebook, and there are none in another patient's own", async () => {
    const read = async (patient: string, codebook: string) => {
      const { node } = await world.ask<{
        node: { phenotypeShares: { share: number; phenotype: { index: number } }[] };
      }>(
        `query($patient: ID!, $codebook: ID!) { node(id: $patient) { ... on Patient {
          phenotypeShares(codebook: $codebook) { share phenotype { index } } } } }`,
        { patient, codebook },
      );
      return node.phenotypeShares;
    };
    const shares = await read(patientId(1), study);
    expect(shares.map(({ phenotype }) => phenotype.index)).toEqual(phenotypes.map(({ index }) => index));
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect((await read(patientId(1), own)).reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(await read(patientId(2), own)).toEqual([]);
  });

  it("refuse a cursor of another list and a page that is too long", async () => {
    for (const shares of ["first: 0", "first: 201", 'after: "nonsense"']) {
      const { errors } = await world.query(
        `query($id: ID!) { node(id: $id) { ... on Phenotype { shares(${shares}) { totalCount } } } }`,
        { id: phenotypes[0]?.id },
      );
      expect(errors?.map(({ code }) => code)).toEqual(["BAD_ARGUMENT"]);
    }
  });
});

describe("exemplars", () => {
  it.each(["study", "components"] as const)(
    "of a codebook of %s are its own patches, spread over patients",
    async (which) => {
      const { node } = await world.ask<{
        node: {
          phenotypes: {
            index: number;
            shares: Connection;
            exemplars: {
              distance: number;
              patch: { slide: { patient: { key: string } }; phenotype: { index: number } };
            }[];
          }[];
        };
      }>(
        `query($id: ID!) { node(id: $id) { ... on Codebook { phenotypes { index shares { nodes { patches } }
        exemplars(first: 5) { distance patch { slide { patient { key } } phenotype(codebook: $id) { index } } } } } } }`,
        { id: which === "study" ? study : components },
      );
      for (const { index, exemplars, shares } of node.phenotypes) {
        expect(exemplars.every(({ patch }) => patch.phenotype.index === index)).toBe(true);
        const patients = exemplars.map(({ patch }) => patch.slide.patient.key);
        const held = shares.nodes.filter(({ patches }) => patches > 0).length;
        expect(new Set(patients.slice(0, held)).size).toBe(Math.min(held, patients.length));
        for (const { distance } of exemplars) expect(distance).toBeGreaterThanOrEqual(-1e-6);
      }
    },
  );
});

describe("namePhenotype", () => {
  const name = (input: Record<string, unknown>) =>
    world.ask<{
      namePhenotype: { phenotype: { name: string | null; note: string | null } | null; errors: { code: string }[] };
    }>(
      "mutation($input: NamePhenotypeInput!) { namePhenotype(input: $input) { phenotype { name note } errors { code } } }",
      { input: { phenotype: phenotypes[0]?.id, ...input } },
    );

  it("sets what is given, keeps what is left out, and takes away what is null or empty", async () => {
    expect((await name({ name: " Tumour ", note: "Dense nuclei" })).namePhenotype.phenotype).toEqual({
      name: "Tumour",
      note: "Dense nuclei",
    });
    expect((await name({ note: "" })).namePhenotype.phenotype).toEqual({ name: "Tumour", note: null });
    expect((await name({ name: null })).namePhenotype.phenotype).toEqual({ name: null, note: null });
  });

  it.each([
    [{ name: "x".repeat(201) }, "BAD_ARGUMENT"],
    [{ note: "x".repeat(10_001) }, "BAD_ARGUMENT"],
    [{ name: "a\0b" }, "BAD_ARGUMENT"],
    [{ phenotype: encodeId("Phenotype", "glioma", "cnn", "none", "", 0) }, "NOT_FOUND"],
    [{ phenotype: "nonsense" }, "NOT_FOUND"],
  ])("refuses %j", async (input, code) => {
    const { namePhenotype } = await writingNothing(world.app.database, () => name(input));
    expect([namePhenotype.phenotype, namePhenotype.errors]).toEqual([null, [{ code }]]);
  });
});

describe("similarPhenotypes", () => {
  const similar = (to: object, codebook = study, more = {}) =>
    world.query<{ similarPhenotypes: { hits: { distance: number; phenotype: { id: string; index: number } }[] } }>(
      "query($input: SimilarPhenotypesInput!) { similarPhenotypes(input: $input) { hits { distance phenotype { id index } } } }",
      { input: { codebook, to, ...more } },
    );

  it("to a vector: its own centroid is nearest, the rest in order", async () => {
    for (const { id, centroid } of phenotypes) {
      const { data } = await similar({ vector: centroid });
      const { hits = [] } = data?.similarPhenotypes ?? {};
      expect(hits).toHaveLength(phenotypes.length);
      expect(hits[0]?.phenotype.id).toBe(id);
      expect(hits[0]?.distance).toBeCloseTo(0, 6);
      const distances = hits.map(({ distance }) => distance);
      expect(distances).toEqual(distances.toSorted((a, b) => a - b));
    }
  });

  it("to a phenotype: of its own codebook all others, of another codebook all", async () => {
    const [first] = phenotypes;
    const inOwn = (await similar({ phenotype: first?.id })).data?.similarPhenotypes.hits ?? [];
    expect(inOwn.map(({ phenotype }) => phenotype.id).sort()).toEqual(
      phenotypes
        .slice(1)
        .map(({ id }) => id)
        .sort(),
    );
    const inOther = await similar({ phenotype: first?.id }, own, { first: 1 });
    expect(inOther.data?.similarPhenotypes.hits).toHaveLength(1);
  });

  it("to a patch: the phenotype that it belongs to", async () => {
    const patch = await anyPatch(world);
    const { node } = await world.ask<{ node: { phenotype: { id: string }; imageUrl: string } }>(
      "query($patch: ID!, $codebook: ID!) { node(id: $patch) { ... on Patch { phenotype(codebook: $codebook) { id } } } }",
      { patch, codebook: study },
    );
    const { data } = await similar({ patch }, study, { first: 1 });
    expect(data?.similarPhenotypes.hits[0]?.phenotype.id).toBe(node.phenotype.id);
  });

  it("refuses what cannot be compared", async () => {
    const codes = async (to: object, codebook?: string, more?: object) =>
      (await similar(to, codebook, more)).errors?.map(({ code }) => code);
    expect(await codes({ vector: [1, 2] })).toEqual(["DIMENSION_MISMATCH"]);
    expect(await codes({ phenotype: "nonsense" })).toEqual(["NOT_FOUND"]);
    expect(await codes({ phenotype: phenotypes[0]?.id }, encodeId("Codebook", "glioma", "cnn", "none", ""))).toEqual([
      "NOT_FOUND",
    ]);
    expect(await codes({ phenotype: phenotypes[0]?.id }, study, { first: 1001 })).toEqual(["BAD_ARGUMENT"]);
  });
});

describe("similarPatches", () => {
  const similar = (input: Record<string, unknown>) =>
    world.query<{
      similarPatches: {
        search: { matches: number; strategy: string; isComplete: boolean };
        hits: { distance: number; patch: { phenotype: { id: string } } }[];
      };
    }>(
      `query($input: SimilarPatchesInput!, $codebook: ID!) { similarPatches(input: $input) {
        search { matches strategy isComplete } hits { distance patch { phenotype(codebook: $codebook) { id } } } } }`,
      { input: { featureSet, ...input }, codebook: study },
    );

  it("to a phenotype among those of two phenotypes finds just theirs, all of them", async () => {
    const [first, second] = phenotypes;
    const { data } = await similar({
      to: { phenotype: first?.id },
      filter: { phenotypes: [first?.id, second?.id] },
      first: 1000,
    });
    const { hits = [], search } = data?.similarPatches ?? {};
    expect(search).toEqual({ matches: (first?.size ?? 0) + (second?.size ?? 0), strategy: "EXACT", isComplete: true });
    expect(hits).toHaveLength(search?.matches ?? -1);
    const found = Map.groupBy(hits, ({ patch }) => patch.phenotype.id);
    expect(found.get(first?.id ?? "")).toHaveLength(first?.size ?? -1);
    expect(found.get(second?.id ?? "")).toHaveLength(second?.size ?? -1);
  });

  it("refuses phenotypes of several codebooks, of none and an empty list", async () => {
    const [first] = phenotypes;
    const { node } = await world.ask<{ node: { phenotypes: { id: string }[] } }>(
      "query($id: ID!) { node(id: $id) { ... on Codebook { phenotypes { id } } } }",
      { id: components },
    );
    for (const [list, code] of [
      [[first?.id, node.phenotypes[0]?.id], "BAD_ARGUMENT"],
      [["nonsense"], "NOT_FOUND"],
      [[], "BAD_ARGUMENT"],
    ]) {
      const { errors } = await similar({ to: { phenotype: first?.id }, filter: { phenotypes: list } });
      expect(errors?.map((error) => error.code)).toEqual([code]);
    }
  });
});

describe("slides and patients by phenotypes", () => {
  const HITS = "distance because { distance patch { slide { key } } }";
  const patients = (input: Record<string, unknown>) =>
    world.query<{
      similarPatients: { hits: (Hit & { patient: { key: string } })[]; search: { matches: number; reason: string } };
    }>(
      `query($input: SimilarPatientsInput!) { similarPatients(input: $input) { search { matches reason } hits { patient { key } ${HITS} } } }`,
      { input: { featureSet, patient: patientId(1), ...input } },
    );
  const slides = (input: Record<string, unknown>) =>
    world.query<{ similarSlides: { hits: (Hit & { slide: { key: string } })[] } }>(
      `query($input: SimilarSlidesInput!) { similarSlides(input: $input) { hits { slide { key } ${HITS} } } }`,
      { input: { featureSet, ...input } },
    );

  it("by shares: the Jensen–Shannon distance of each patient's shares", async () => {
    const { study: all } = await world.ask<{
      study: { patients: { nodes: { key: string; phenotypeShares: { share: number }[] }[] } };
    }>(
      'query($codebook: ID!) { study(key: "glioma") { patients { nodes { key phenotypeShares(codebook: $codebook) { share } } } } }',
      { codebook: study },
    );
    const sharesOf = new Map(
      all.patients.nodes.map(({ key, phenotypeShares }) => [key, phenotypeShares.map(({ share }) => share)]),
    );
    const entropy = (shares: number[]) => shares.reduce((sum, p) => sum - (p > 0 ? p * Math.log2(p) : 0), 0);
    const distance = (p: number[], q: number[]) =>
      Math.sqrt(Math.max(0, entropy(p.map((value, i) => (value + (q[i] ?? 0)) / 2)) - (entropy(p) + entropy(q)) / 2));
    const { data } = await patients({ method: "PHENOTYPE_SHARES", codebook: study });
    const { hits = [], search } = data?.similarPatients ?? {};
    expect(search?.matches).toBe(PATIENTS - 1);
    expect(search?.reason).toMatch(/4 patients were compared by their shares/);
    expect(hits.map(({ patient }) => patient.key)).not.toContain("SYN-0001");
    const query = sharesOf.get("SYN-0001") ?? [];
    for (const hit of hits) {
      expect(hit.distance).toBeCloseTo(distance(query, sharesOf.get(hit.patient.key) ?? []), 6);
      expect(hit.because.every(({ patch }) => patch.slide.key.startsWith(hit.patient.key))).toBe(true);
    }
    const distances = hits.map((hit) => hit.distance);
    expect(distances).toEqual(distances.toSorted((a, b) => a - b));
  });

  it("slides by shares, of principal components too", async () => {
    const [slide] = await slideIds();
    for (const codebook of [study, components]) {
      const { data } = await slides({ method: "PHENOTYPE_SHARES", codebook, slide });
      expect(data?.similarSlides.hits).toHaveLength(PATIENTS - 1);
      for (const { because } of data?.similarSlides.hits ?? []) {
        for (const { distance } of because) expect(distance).toBeLessThan(1);
      }
    }
  });

  it("by patients' own clusters: the mean of minima both ways, alike from either side", async () => {
    const toOthers = (await patients({ method: "PHENOTYPE_SETS", codebook: own })).data?.similarPatients.hits ?? [];
    expect(toOthers).toHaveLength(PATIENTS - 1);
    const back = await patients({ method: "PHENOTYPE_SETS", codebook: own, patient: patientId(2) });
    const there = toOthers.find(({ patient }) => patient.key === "SYN-0002")?.distance;
    expect(back.data?.similarPatients.hits.find(({ patient }) => patient.key === "SYN-0001")?.distance).toBeCloseTo(
      there ?? -1,
      5,
    );
    expect(toOthers.every(({ because }) => because.length > 0)).toBe(true);
  });

  it("among those that pass a filter", async () => {
    for (const [method, codebook] of [
      ["PHENOTYPE_SHARES", study],
      ["PHENOTYPE_SETS", own],
    ]) {
      const { data } = await patients({ method, codebook, filter: { keys: ["SYN-0001", "SYN-0003"] } });
      expect(data?.similarPatients.hits.map(({ patient }) => patient.key)).toEqual(["SYN-0003"]);
    }
  });

  it("refuses what does not go together", async () => {
    const [slide] = await slideIds();
    for (const input of [
      { method: "PHENOTYPE_SHARES" },
      { method: "PHENOTYPE_SHARES", codebook: own },
      { method: "PHENOTYPE_SETS", codebook: study },
      { method: "MEAN", codebook: study },
    ]) {
      expect((await patients(input)).errors?.map(({ code }) => code)).toEqual(["BAD_ARGUMENT"]);
    }
    expect((await slides({ slide, method: "PHENOTYPE_SETS", codebook: own })).errors?.[0]?.code).toBe("BAD_ARGUMENT");
  });
});

describe("compareCohorts", () => {
  it("compares shares of each phenotype, over patients", async () => {
    for (const [key, keys] of [
      ["a", ["SYN-0001", "SYN-0002"]],
      ["b", ["SYN-0003", "SYN-0004", "SYN-0005"]],
    ]) {
      await world.ask("mutation($input: SaveCohortInput!) { saveCohort(input: $input) { errors { message } } }", {
        input: { studyKey: "glioma", key, name: key, patients: { keys } },
      });
    }
    const compare = (codebook: string) =>
      world.query<{
        compareCohorts: {
          phenotypes: { name: string; a: { n: number; mean: number }; b: { n: number }; pValue: number | null }[];
        };
      }>(
        "query($input: CompareCohortsInput!) { compareCohorts(input: $input) { phenotypes { name a b test statistic pValue qValue } } }",
        { input: { a: encodeId("Cohort", "glioma", "a"), b: encodeId("Cohort", "glioma", "b"), codebook } },
      );
    const rows = (await compare(study)).data?.compareCohorts.phenotypes ?? [];
    expect(rows.map(({ name }) => name)).toEqual(phenotypes.map(({ index }) => `phenotype ${index}`));
    expect(rows.map(({ a, b }) => [a.n, b.n])).toEqual(phenotypes.map(() => [2, 3]));
    expect(rows.reduce((sum, { a }) => sum + a.mean, 0)).toBeCloseTo(1, 9);
    expect((await compare(own)).errors?.map(({ code }) => code)).toEqual(["BAD_ARGUMENT"]);
  });
});
