import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Viewer } from "../src/platform/authorisation.ts";
import { encodeId } from "../src/platform/ids.ts";
import { createWorld, type World } from "./support/world.ts";

/**
 * What phenotypes have to do with clinical values and survival, through the API. The shares are written as a codebook's job
 * writes them, so that the figures have known answers: SciPy's, and the survival of the same numbers as an attribute.
 */

type Row = { category: string; share: number; qValue: number } & Record<
  "oddsRatio" | "lower" | "upper" | "pValue",
  number | null
>;
type Reference = { cohort: { names: string[]; codes: number[]; shares: number[]; rows: Row[] } };
const { cohort } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../src/statistics/reference/enrichment.json"), "utf8"),
) as Reference;

/** Patches of each patient, over two slides, so that a share is exact to six digits. */
const PATCHES = 1_000_000;
const PATIENTS = cohort.shares.length;

type Member = { key: string; clinical: Record<string, unknown>; survival: object; shares: number[] | null };

let world: World;

/** Patches of each phenotype on a patient's two slides: the first three quarters lie on the second slide. */
const spreadPatches = (patientKey: string, shares: readonly number[]) => {
  const ends = shares.map((_, index) =>
    Math.round(PATCHES * shares.slice(0, index + 1).reduce((sum, share) => sum + share, 0)),
  );
  return [
    { slide: `${patientKey}-1`, from: 0, to: 0.75 * PATCHES },
    { slide: `${patientKey}-0`, from: 0.75 * PATCHES, to: PATCHES },
  ].map(({ slide, from, to }) => ({
    slide,
    patches: to - from,
    held: ends
      .map((end, index) => ({ index, patches: Math.min(end, to) - Math.max(ends[index - 1] ?? 0, from) }))
      .filter(({ patches }) => patches > 0),
  }));
};

/** A study whose patients have the given shares of phenotypes in codebook "shared"; a patient of null has no slide in it. */
const storeStudy = async (key: string, members: readonly Member[], scope: "STUDY" | "PATIENT" = "STUDY") => {
  const { prisma } = world.app;
  const encoder = await prisma.encoder.findFirstOrThrow();
  const study = await prisma.study.create({ data: { key, name: key } });
  const types = { pattern: "CATEGORY", mutant: "BOOLEAN", age: "NUMBER", percent: "NUMBER", tenths: "NUMBER" } as const;
  await prisma.attribute.createMany({
    data: [
      ...Object.entries(types).map(([name, type]) => ({
        studyId: study.id,
        key: name,
        type,
        level: "PATIENT" as const,
      })),
      { studyId: study.id, key: "remark", type: "TEXT", level: "PATIENT" },
      { studyId: study.id, key: "thickness", type: "NUMBER", level: "SLIDE" },
    ],
  });
  await prisma.survivalEndpoint.create({ data: { studyId: study.id, key: "os" } });
  const featureSet = await prisma.featureSet.create({
    data: {
      studyId: study.id,
      key: "cnn",
      encoderId: encoder.id,
      patchSize: 224,
      micronsPerPixel: 0.5,
      overlap: 0,
      minTissue: 0.5,
      tissue: "OTSU",
      preprocessing: {},
      dims: 2,
      digest: key,
    },
  });
  const build = await prisma.codebookBuild.create({
    data: {
      studyId: study.id,
      featureSetId: featureSet.id,
      scope,
      clusters: 3,
      seed: 0,
      whiten: false,
      parameters: {},
      parametersDigest: key,
      key: "shared",
      isComplete: true,
    },
  });
  const owner = scope === "PATIENT" ? await prisma.patient.create({ data: { studyId: study.id, key: "owner" } }) : null;
  const codebook = await prisma.codebook.create({
    data: { buildId: build.id, patientId: owner?.id ?? null, slides: 0, digest: key, software: {} },
  });
  await prisma.phenotype.createMany({
    data: [0, 1, 2].map((index) => ({
      codebookId: codebook.id,
      index,
      size: 1,
      centroid: Buffer.alloc(8),
      name: index === 1 ? "vessels" : null,
    })),
  });
  await prisma.patient.createMany({
    data: members.map(({ key: patientKey, clinical, survival }) => ({
      studyId: study.id,
      key: patientKey,
      clinical: clinical as object,
      survival,
    })),
  });
  const patients = await prisma.patient.findMany({ where: { studyId: study.id } });
  const idOf = new Map(patients.map((patient) => [patient.key, patient.id]));
  await prisma.slide.createMany({
    data: members.flatMap((member) =>
      [0, 1].map((place) => ({
        studyId: study.id,
        patientId: idOf.get(member.key) ?? 0,
        key: `${member.key}-${place}`,
      })),
    ),
  });
  const slides = await prisma.slide.findMany({ where: { studyId: study.id } });
  const slideOf = new Map(slides.map((slide) => [slide.key, slide.id]));
  const spread = members.flatMap(({ key: patientKey, shares }) => (shares ? spreadPatches(patientKey, shares) : []));
  await prisma.codebookSlide.createMany({
    data: spread.map(({ slide, patches }) => ({
      buildId: build.id,
      slideId: slideOf.get(slide) ?? 0,
      codebookId: codebook.id,
      gridId: 1,
      patches,
      completedAt: new Date(),
      isFitted: true,
    })),
  });
  await prisma.phenotypeShare.createMany({
    data: spread.flatMap(({ slide, held }) =>
      held.map((row) => ({ ...row, codebookId: codebook.id, slideId: slideOf.get(slide) ?? 0 })),
    ),
  });
};

const phenotypeId = (study: string, index: number, owner = "") =>
  encodeId("Phenotype", study, "cnn", "shared", owner, index);

const SURVIVAL = `
  groups { name patients events medianDays { estimate lower upper } curve { timeDays survival atRisk } }
  logRank { name statistic degreesOfFreedom pValue }
  cox { patients events concordance terms { name coefficient standardError hazardRatio lower upper z pValue } }
  excluded { reason patients }`;
type Analysis = {
  groups: { name: string; patients: number; events: number; curve: object[] }[];
  logRank: { pValue: number } | null;
  cox: { patients: number; terms: { name: string; hazardRatio: number; pValue: number }[] } | null;
  excluded: { reason: string; patients: number }[];
};

const enrich = (id: string, attribute: string, cohortId?: string, viewer?: Viewer) =>
  world.query<{ node: { enrichment: (Row & { test: string })[] } | null }>(
    `query($id: ID!, $attribute: String!, $cohort: ID) { node(id: $id) { ... on Phenotype {
      enrichment(attribute: $attribute, cohort: $cohort) { category share oddsRatio lower upper pValue qValue test } } } }`,
    { id, attribute, cohort: cohortId },
    viewer,
  );
const enriched = async (attribute: string, cohortId?: string, index = 0) => {
  const { data, errors } = await enrich(phenotypeId("study", index), attribute, cohortId);
  if (errors) throw new Error(JSON.stringify(errors));
  return data?.node?.enrichment ?? [];
};

const analyse = (input: Record<string, unknown>, studyKey = "study") =>
  world.query<{ survival: Analysis }>(`query($input: SurvivalInput!) { survival(input: $input) { ${SURVIVAL} } }`, {
    input: { studyKey, endpoint: "os", ...input },
  });
const analysed = async (input: Record<string, unknown>): Promise<Analysis> => {
  const { data, errors } = await analyse(input);
  if (!data || errors) throw new Error(JSON.stringify(errors));
  return data.survival;
};

const round6 = (value: number) => Math.round(value * PATCHES) / PATCHES;

beforeAll(async () => {
  world = await createWorld({ work: false });
  const members = cohort.shares.map((share, index): Member => {
    const second = round6((1 - share) * ((index % 7) / 10));
    return {
      key: `P${String(index).padStart(3, "0")}`,
      clinical: {
        pattern: cohort.names[cohort.codes[index] ?? 0],
        percent: 100 * share,
        tenths: 10 * share,
        ...(index % 5 && { mutant: index % 2 === 0, age: 30 + ((index * 17) % 50) }),
        remark: `remark ${index}`,
      },
      // The more of the phenotype, the shorter; a tenth has no endpoint, a third is censored.
      survival: index % 10 === 9 ? {} : { os: [100 + ((index * 37) % 400) * (1.2 - share), index % 3 > 0] },
      shares: [share, second, 1 - share - second],
    };
  });
  const without = ["X1", "X2"].map(
    (key): Member => ({
      key,
      clinical: { pattern: "A", age: 40 },
      survival: { os: [50, true] },
      shares: null,
    }),
  );
  await storeStudy("study", [...members, ...without]);
  await storeStudy("own", members.slice(0, 3), "PATIENT");
  await storeStudy("lonely", members.slice(0, 1));
  await world.ask(
    `mutation { a: saveCohort(input: {studyKey: "study", key: "young", name: "Young", patients: {clinical: [{attribute: "age", test: {number: {lt: 55}}}]}}) { errors { code } }
      b: saveCohort(input: {studyKey: "study", key: "nobody", name: "Nobody", patients: {keys: []}}) { errors { code } } }`,
  );
});
afterAll(() => world.close());

const close = (actual: number | null | undefined, expected: number | null) => {
  if (expected === null) expect(actual).toBeNull();
  else expect(Math.abs((actual ?? Number.NaN) - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected));
};

describe("enrichment", () => {
  it("by category is SciPy's, whatever slides a patient's patches lie on; who has none in the codebook is not counted", async () => {
    const rows = await enriched("pattern");
    expect(rows.map(({ category, test }) => [category, test])).toEqual(
      cohort.rows.map(({ category }) => [category, "Fisher exact"]),
    );
    rows.forEach((row, index) => {
      for (const name of ["share", "oddsRatio", "lower", "upper", "pValue", "qValue"] as const)
        close(row[name], cohort.rows[index]?.[name] ?? null);
    });
  });

  it("by boolean has both values, the odds of one the inverse of the other's", async () => {
    const rows = await enriched("mutant");
    expect(rows.map(({ category }) => category)).toEqual(["false", "true"]);
    close((rows[0]?.oddsRatio ?? 0) * (rows[1]?.oddsRatio ?? 0), 1);
    close(rows[0]?.pValue, rows[1]?.pValue ?? null);
  });

  it("by number is that of its quarters, over the patients that have one", async () => {
    const rows = await enriched("age");
    expect(rows).toHaveLength(4);
    expect(rows[0]?.category).toMatch(/^≤ \d/);
    const known = cohort.shares.filter((_, index) => index % 5);
    const ages = cohort.shares.flatMap((_, index) => (index % 5 ? [30 + ((index * 17) % 50)] : []));
    const bound = Number(rows[0]?.category.slice(2));
    const own = known.filter((_, index) => (ages[index] ?? 0) <= bound);
    close(rows[0]?.share, own.reduce((sum, share) => sum + share, 0) / own.length);
  });

  it("within a cohort counts its patients alone", async () => {
    const rows = await enriched("pattern", encodeId("Cohort", "study", "young"));
    const young = cohort.shares.flatMap((share, index) =>
      index % 5 && 30 + ((index * 17) % 50) < 55 ? [{ share, name: cohort.names[cohort.codes[index] ?? 0] }] : [],
    );
    for (const { category, share } of rows) {
      const own = young.filter(({ name }) => name === category);
      close(share, own.reduce((sum, member) => sum + member.share, 0) / own.length);
    }
  });

  it.each([
    ["an unknown attribute", "grade", undefined, "COLUMN_UNKNOWN"],
    ["an attribute of slides", "thickness", undefined, "COLUMN_UNKNOWN"],
    ["a text", "remark", undefined, "TYPE_MISMATCH"],
    ["an unknown cohort", "pattern", encodeId("Cohort", "study", "old"), "NOT_FOUND"],
    ["a cohort of another study", "pattern", encodeId("Cohort", "own", "young"), "BAD_ARGUMENT"],
    ["a cohort without patients", "pattern", encodeId("Cohort", "study", "nobody"), "TOO_FEW_PATIENTS"],
  ])("of %s is refused", async (_, attribute, cohortId, code) => {
    const { errors } = await enrich(phenotypeId("study", 0), attribute, cohortId);
    expect(errors?.map((error) => [error.code, typeof error.fix])).toEqual([[code, "string"]]);
  });

  it("is refused of a patient's own codebook, of one patient, and to strangers", async () => {
    const own = await enrich(phenotypeId("own", 0, "owner"), "pattern");
    expect(own.errors?.[0]).toMatchObject({ code: "BAD_ARGUMENT", fix: expect.stringContaining("STUDY") });
    expect((await enrich(phenotypeId("lonely", 0), "pattern")).errors?.[0]?.code).toBe("TOO_FEW_PATIENTS");
    const stranger = { name: "stranger", grants: [{ studyKey: "own", role: "OWNER" as const }] };
    expect((await enrich(phenotypeId("study", 0), "pattern", undefined, stranger)).data?.node).toBeNull();
  });
});

const bare = ({ groups, ...analysis }: Analysis, drop: RegExp) => ({
  ...analysis,
  groups: groups.map(({ name, ...group }) => ({ ...group, name: name.replace(" %", "") })),
  excluded: analysis.excluded.map(({ reason, patients }) => ({ reason: reason.replace(drop, "…"), patients })),
  cox: analysis.cox && { ...analysis.cox, terms: analysis.cox.terms.map(({ name: _, ...term }) => term) },
});
const ANY_REASON = /no value of "\w+"|no patches in the codebook of phenotype \d( \(\w+\))?/;

/** Half of numbers that went through two divisions may differ in their last digits. */
const expectAlike = (actual: unknown, expected: unknown) => {
  const short = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (_, part) => (typeof part === "number" ? Number(part.toPrecision(8)) : part));
  expect(short(actual)).toEqual(short(expected));
};

describe("survival by share", () => {
  it("is that of the same numbers as an attribute: groups in per cent, hazards for 10 %", async () => {
    for (const quantiles of [2, 3]) {
      const byShare = await analysed({
        groupBy: { phenotype: { phenotype: phenotypeId("study", 0), quantiles } },
        cox: { terms: ["age"], phenotypes: [phenotypeId("study", 0)] },
      });
      const byAttribute = await analysed({
        groupBy: { attribute: { key: "percent", quantiles } },
        cox: { terms: ["age", "tenths"] },
      });
      expect(byShare.groups).toHaveLength(quantiles);
      expect(byShare.groups[0]?.name).toMatch(/^≤ [\d.]+ %$/);
      expectAlike(bare(byShare, ANY_REASON), bare(byAttribute, ANY_REASON));
      expect(byShare.cox?.terms.map(({ name }) => name)).toEqual(["age", "phenotype 0, per 10 % of share"]);
    }
  });

  it("counts who is left out, each once with its reason", async () => {
    const { excluded, groups, cox } = await analysed({
      groupBy: { phenotype: { phenotype: phenotypeId("study", 1) } },
      cox: { terms: ["age"], phenotypes: [phenotypeId("study", 0)] },
    });
    expect(excluded).toEqual([
      { reason: 'no time and event of "os"', patients: 9 },
      { reason: "no patches in the codebook of phenotype 1 (vessels)", patients: 2 },
      { reason: 'no value of "age", left out of the regression only', patients: 18 },
    ]);
    expect(groups.reduce((sum, { patients }) => sum + patients, 0)).toBe(PATIENTS - 9);
    expect(cox?.patients).toBe(PATIENTS - 27);
  });

  it("of a phenotype is asked of it too, and finds what was put in", async () => {
    const { data, errors } = await world.query<{ node: { survival: Analysis } }>(
      `query($id: ID!, $cohort: ID) { node(id: $id) { ... on Phenotype { survival(endpoint: "os", cohort: $cohort) { ${SURVIVAL} } } } }`,
      { id: phenotypeId("study", 0) },
    );
    expect(errors).toBeUndefined();
    const expected = await analysed({
      groupBy: { phenotype: { phenotype: phenotypeId("study", 0), quantiles: 2 } },
      cox: { terms: [], phenotypes: [phenotypeId("study", 0)] },
    });
    expect(data?.node.survival).toEqual(expected);
    expect(expected.cox?.terms[0]?.hazardRatio).toBeGreaterThan(1);
    const young = await world.query<{ node: { survival: Analysis } }>(
      `query($id: ID!, $cohort: ID) { node(id: $id) { ... on Phenotype { survival(endpoint: "os", quantiles: 3, cohort: $cohort) { groups { patients } } } } }`,
      { id: phenotypeId("study", 0), cohort: encodeId("Cohort", "study", "young") },
    );
    const patients = young.data?.node.survival.groups.map((group) => group.patients) ?? [];
    expect(patients).toHaveLength(3);
    expect(patients.reduce((sum, count) => sum + count, 0)).toBeLessThan(PATIENTS / 2);
  });

  it("by several phenotypes has a term each; all of them add up to 1, and that fails alone", async () => {
    const phenotypes = [0, 1, 2].map((index) => phenotypeId("study", index));
    const two = await analysed({ cox: { terms: [], phenotypes: phenotypes.slice(0, 2) } });
    expect(two.cox?.terms.map(({ name }) => name)).toEqual([
      "phenotype 0, per 10 % of share",
      "phenotype 1 (vessels), per 10 % of share",
    ]);
    const { data, errors } = await world.query<{ survival: { groups: object[]; cox: null } }>(
      "query($input: SurvivalInput!) { survival(input: $input) { groups { name } cox { patients } } }",
      { input: { studyKey: "study", endpoint: "os", cox: { terms: [], phenotypes } } },
    );
    expect(errors?.map(({ code }) => code)).toEqual(["BAD_ARGUMENT"]);
    expect(data?.survival).toMatchObject({ cox: null, groups: [{ name: "all" }] });
  });

  const first = phenotypeId("study", 0);
  it.each([
    ["one group", { groupBy: { phenotype: { phenotype: first, quantiles: 1 } } }, "BAD_ARGUMENT"],
    ["eleven groups", { groupBy: { phenotype: { phenotype: first, quantiles: 11 } } }, "BAD_ARGUMENT"],
    ["no phenotype", { groupBy: { phenotype: { phenotype: phenotypeId("study", 9) } } }, "NOT_FOUND"],
    ["an id of something else", { groupBy: { phenotype: { phenotype: encodeId("Study", "study") } } }, "NOT_FOUND"],
    ["a phenotype of another study", { cox: { terms: [], phenotypes: [phenotypeId("lonely", 0)] } }, "BAD_ARGUMENT"],
    ["a patient's own", { cox: { terms: [], phenotypes: [phenotypeId("own", 0, "owner")] } }, "BAD_ARGUMENT"],
    ["a phenotype twice", { cox: { terms: [], phenotypes: [first, first] } }, "BAD_ARGUMENT"],
    ["nothing", { cox: { terms: [], phenotypes: [] } }, "BAD_ARGUMENT"],
    [
      "very many",
      { cox: { terms: [], phenotypes: Array.from({ length: 21 }, (_, index) => phenotypeId("study", index)) } },
      "LIMIT_EXCEEDED",
    ],
  ])("of %s is refused", async (_, input, code) => {
    const { errors } = await analyse(input);
    expect(errors?.map((error) => error.code)).toEqual([code]);
    expect(errors?.[0]?.fix).toEqual(expect.any(String));
  });
});
