import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Kind, type OperationDefinitionNode, parse, print } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clinicalCsv, syntheticPatients } from "../synthetic/cohort.ts";
import { anyPatch, createWorld, seedStudy, type World } from "./support/world.ts";

/** Every document of docs/queries with the variables beside it, on the synthetic cohort and on TCGA's table. */

const folder = join(import.meta.dirname, "../docs/queries");
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".graphql"))
  .map((name) => name.replace(".graphql", ""));

const tcga = join(import.meta.dirname, "../../shared/data/clinical/tcga_gbmlgg_clinical.csv");
const hasTcga = existsSync(tcga);
if (!hasTcga) console.log("Documents on TCGA's table are not run: ../shared/data/clinical is not here.");

/** As rendered for the world's slides. */
const SEED = 11;
const SYNTHETIC_PATIENTS = 120;

type Group = {
  name: string;
  patients: number;
  events: number;
  medianDays: { estimate: number; lower: number; upper: number | null };
};
type Survival = {
  survival: {
    groups: Group[];
    logRank: { statistic: number; degreesOfFreedom: number; pValue: number };
    cox: { patients: number; terms: { name: string; hazardRatio: number; pValue: number }[]; concordance: number };
    excluded: { reason: string; patients: number }[];
  };
};

let world: World;

const read = (name: string) => {
  const document = readFileSync(join(folder, `${name}.graphql`), "utf8");
  const variables = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Record<string, unknown>;
  const operations = parse(document).definitions.filter(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  return { document, variables, operations };
};

/** Runs each operation of a document, as a client that names one would; gives the data of all together. */
const run = async <Data>(name: string, more: Record<string, unknown> = {}): Promise<Data> => {
  const { variables, operations } = read(name);
  const data = {};
  for (const operation of operations) {
    const used = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
    const given = Object.fromEntries(
      Object.entries({ ...variables, ...more }).filter(([variable]) => used.includes(variable)),
    );
    Object.assign(data, await world.ask(print(operation), given));
  }
  return data as Data;
};

const importTable = async (input: Record<string, unknown>) => {
  const { importClinical } = await world.ask<{
    importClinical: { created: number; changed: number; conflicts: unknown[]; errors: unknown[] };
  }>(
    "mutation($input: ImportClinicalInput!) { importClinical(input: $input) { created changed conflicts { code message } errors { code message fix } } }",
    { input },
  );
  expect(importClinical).toMatchObject({ conflicts: [], errors: [] });
  return importClinical.created + importClinical.changed;
};

beforeAll(async () => {
  world = await createWorld();
  await seedStudy(world, 4);
  const imported = await importTable({
    studyKey: "glioma",
    text: clinicalCsv(syntheticPatients(SEED, SYNTHETIC_PATIENTS)),
    patientColumn: "patient_id",
    slideColumn: "slide_id",
    endpoints: [
      { key: "os", label: "Overall survival", timeColumn: "os_days", eventColumn: "os_event", eventValues: ["1"] },
    ],
    attributes: [{ column: "age_years", unit: "years" }],
  });
  expect(imported).toBe(SYNTHETIC_PATIENTS);
  // Slides that are known by name only cannot be embedded.
  const { embedSlides } = await world.ask<{ embedSlides: { job: { id: string } } }>(
    'mutation { embedSlides(input: {slides: {studyKey: "glioma", keys: ["SYN-0005-01", "SYN-0006-01"]}, encoderKey: "efficientnet-lite0", featureSetKey: "cnn", grid: {minTissue: 0.1}}) { job { id } } }',
  );
  expect(await world.jobEnd(embedSlides.job.id)).toBe("FAILED");
  if (!hasTcga) return;
  await world.ask('mutation { createStudy(input: {key: "tcga", name: "TCGA glioma"}) { errors { code } } }');
  const mutations = ["ATRX_mut", "CIC_mut", "EGFR_mut", "IDH1_mut", "PTEN_mut", "TP53_mut", "is_female"];
  const patients = await importTable({
    studyKey: "tcga",
    text: readFileSync(tcga, "utf8"),
    patientColumn: "case_id",
    slideColumn: "slide_id",
    endpoints: [
      {
        key: "os",
        label: "Overall survival",
        timeColumn: "survival_months",
        timeUnit: "MONTHS",
        eventColumn: "censorship",
        eventValues: ["0", "0.0"],
      },
    ],
    attributes: mutations.map((column) => ({ column, type: "BOOLEAN" })),
  });
  expect(patients).toBe(569);
});
afterAll(() => world?.close());

it("each say what they ask, and stand in the list", () => {
  const list = readFileSync(join(folder, "README.md"), "utf8");
  expect(names).toHaveLength(13);
  for (const name of names) {
    expect(read(name).document).toMatch(/^# .*\?\n/);
    expect(list).toContain(`[${name}](${name}.graphql)`);
  }
});

describe("of the synthetic cohort", () => {
  it("01-who-is-in-the-study", async () => {
    const { study } = await run<{
      study: {
        attributes: { key: string; type: string; categories: string[] | null; missing: number }[];
        endpoints: { key: string; patients: number; events: number }[];
        patients: { totalCount: number; nodes: { clinical: Record<string, unknown>; survival: unknown }[] };
        slides: { totalCount: number };
      };
    }>("01-who-is-in-the-study");
    const attributes = Object.fromEntries(study.attributes.map((attribute) => [attribute.key, attribute]));
    expect(attributes.invasion_pattern).toMatchObject({
      type: "CATEGORY",
      categories: ["A", "B", "C", "D"],
      missing: 0,
    });
    expect(attributes.age_years).toMatchObject({ type: "NUMBER", unit: "years" });
    expect(study.endpoints).toEqual([expect.objectContaining({ key: "os", patients: SYNTHETIC_PATIENTS })]);
    expect([study.patients.totalCount, study.slides.totalCount]).toEqual([SYNTHETIC_PATIENTS, SYNTHETIC_PATIENTS]);
    expect(study.patients.nodes[0]?.survival).toMatchObject({ timeDays: expect.any(Number) });
  });

  it("06-survival-by-invasion-pattern", async () => {
    const { survival } = await run<Survival>("06-survival-by-invasion-pattern");
    expect(survival.groups.map(({ name, patients }) => [name, patients])).toEqual(
      ["A", "B", "C", "D"].map((pattern) => [pattern, SYNTHETIC_PATIENTS / 4]),
    );
    expect(survival.logRank.degreesOfFreedom).toBe(3);
    const ratios = Object.fromEntries(survival.cox.terms.map(({ name, hazardRatio }) => [name, hazardRatio]));
    // Against pattern A, whose hazard is the highest.
    expect(ratios["invasion_pattern: D"]).toBeLessThan(0.7);
    expect(survival.cox.concordance).toBeGreaterThan(0.55);
  });

  it("07-idh-wildtype-over-60-with-vectors", async () => {
    const { slides } = await run<{
      slides: { totalCount: number; nodes: { patient: { key: string }; featureSets: { vectors: number }[] }[] };
    }>("07-idh-wildtype-over-60-with-vectors");
    const expected = syntheticPatients(SEED, 4).filter((one) => one.idhStatus === "wildtype" && one.ageYears > 60);
    expect(expected).not.toEqual([]);
    expect(slides.nodes.map(({ patient }) => patient.key)).toEqual(expected.map(({ patientKey }) => patientKey));
    for (const { featureSets } of slides.nodes) expect(featureSets[0]?.vectors).toBeGreaterThan(0);
  });

  it("08-patches-like-this-one-among-idh-mutants", async () => {
    const { input } = read("08-patches-like-this-one-among-idh-mutants").variables as { input: object };
    const { similarPatches } = await run<{
      similarPatches: {
        hits: { similarity: number; patch: { slide: { patient: { clinical: { idh_status: string } } } } }[];
        search: { matches: number; isComplete: boolean };
      };
    }>("08-patches-like-this-one-among-idh-mutants", { input: { ...input, to: { patch: await anyPatch(world) } } });
    const mutants = syntheticPatients(SEED, 4).filter(({ idhStatus, index }) => idhStatus === "mutant" && index > 0);
    expect(mutants).not.toEqual([]);
    expect(similarPatches.hits).toHaveLength(10);
    expect(similarPatches.search.isComplete).toBe(true);
    for (const { patch } of similarPatches.hits) expect(patch.slide.patient.clinical.idh_status).toBe("mutant");
  });

  it("09-slides-without-features", async () => {
    const { slides } = await run<{ slides: { totalCount: number; nodes: { image: null }[] } }>(
      "09-slides-without-features",
    );
    expect(slides.totalCount).toBe(SYNTHETIC_PATIENTS - 4);
    expect(slides.nodes[0]).toMatchObject({ image: null, grids: [] });
  });

  it("10-what-failed-and-what-mends-it", async () => {
    const { jobs } = await run<{
      jobs: { nodes: { state: string; failures: { totalCount: number; nodes: { code: string; fix: string }[] } }[] };
    }>("10-what-failed-and-what-mends-it");
    const failed = jobs.nodes.find(({ state }) => state === "FAILED");
    expect(failed?.failures.totalCount).toBe(2);
    expect(failed?.failures.nodes[0]).toMatchObject({ code: "SLIDE_HAS_NO_IMAGE", fix: expect.any(String) });
  });

  it("11-patches-like-this-one-inside-an-outline", async () => {
    const name = "11-patches-like-this-one-inside-an-outline";
    const { input } = read(name).variables as { input: object };
    const { similarPatches } = await run<{
      similarPatches: {
        hits: { patch: { x: number; y: number; size: number; slide: { key: string } } }[];
        search: { matches: number; isComplete: boolean };
      };
    }>(name, { input: { ...input, to: { patch: await anyPatch(world) } } });
    expect(similarPatches.hits.length).toBeGreaterThan(0);
    expect(similarPatches.search).toMatchObject({ matches: similarPatches.hits.length, isComplete: true });
    for (const { patch } of similarPatches.hits) {
      expect(patch.slide.key).toBe("SYN-0003-01");
      expect(patch.x + patch.size / 2).toBeLessThan(700);
      // Below the line from (700, 500) to (0, 900) nothing is inside.
      expect(patch.y + patch.size / 2).toBeLessThan(900 - (4 / 7) * (patch.x + patch.size / 2));
    }
  });

  it("12-group-the-patches-into-phenotypes, then 13-what-each-phenotype-is", async () => {
    const { buildCodebook } = await run<{ buildCodebook: { job: { id: string }; errors: unknown[] } }>(
      "12-group-the-patches-into-phenotypes",
    );
    expect(buildCodebook.errors).toEqual([]);
    expect(await world.jobEnd(buildCodebook.job.id)).toBe("SUCCEEDED");
    const { study } = await run<{
      study: {
        codebooks: {
          lineage: { isStale: boolean };
          phenotypes: { share: number; exemplars: unknown[]; shares: { nodes: { patient: { key: string } }[] } }[];
        }[];
      };
    }>("13-what-each-phenotype-is");
    const [codebook] = study.codebooks;
    expect(codebook?.lineage.isStale).toBe(false);
    expect(codebook?.phenotypes).toHaveLength(4);
    expect(codebook?.phenotypes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    for (const { exemplars, shares } of codebook?.phenotypes ?? []) {
      expect(exemplars.length).toBeGreaterThan(0);
      expect(shares.nodes).toHaveLength(4);
    }
  });
});

describe.skipIf(!hasTcga)("of TCGA's table", () => {
  it("02-how-often-is-each-mutation", async () => {
    const { facets } = await run<{
      facets: { attribute: { key: string }; missing: number; categories: { value: string; count: number }[] | null }[];
    }>("02-how-often-is-each-mutation");
    const byKey = Object.fromEntries(facets.map((facet) => [facet.attribute.key, facet]));
    const codes = byKey.oncotree_code?.categories ?? [];
    expect(codes.map(({ value }) => value).sort()).toEqual(["AASTR", "AOAST", "ASTR", "OAST", "ODG"]);
    const total = codes.reduce((sum, { count }) => sum + count, 0);
    const idh = byKey.IDH1_mut;
    expect((idh?.categories ?? []).reduce((sum, { count }) => sum + count, 0) + (idh?.missing ?? 0)).toBe(total);
  });

  it("03-two-cohorts-side-by-side, then 04-glioblastoma-against-lower-grade in less than 100 ms", async () => {
    const saved = await run<{
      glioblastoma: { cohort: { patients: { totalCount: number } }; errors: unknown[] };
      lowerGrade: { cohort: { patients: { totalCount: number } }; errors: unknown[] };
      compareCohorts: { rows: { name: string; test: string; pValue: number | null; qValue: number | null }[] };
    }>("03-two-cohorts-side-by-side");
    const counts = [saved.glioblastoma, saved.lowerGrade].map(({ cohort }) => cohort.patients.totalCount);
    expect(counts.reduce((sum, count) => sum + count)).toBe(569);
    const age = saved.compareCohorts.rows.find(({ name }) => name === "age");
    expect(age?.pValue).toBeLessThan(1e-6);

    const times: number[] = [];
    let answer: Survival | undefined;
    for (let i = 0; i < 6; i += 1) {
      const began = performance.now();
      answer = await run<Survival>("04-glioblastoma-against-lower-grade");
      times.push(performance.now() - began);
    }
    const { survival } = answer as Survival;
    const [glioblastoma, lowerGrade] = survival.groups;
    console.log(
      `GBM against lower grade: ${glioblastoma?.patients} and ${lowerGrade?.patients} patients, medians ${glioblastoma?.medianDays.estimate} and ${lowerGrade?.medianDays.estimate} days, log-rank ${survival.logRank.statistic.toFixed(1)}, in ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`,
    );
    expect([glioblastoma?.patients, lowerGrade?.patients]).toEqual(counts);
    expect(glioblastoma?.medianDays.estimate).toBeLessThan(lowerGrade?.medianDays.estimate ?? 0);
    expect(survival.logRank.pValue).toBeLessThan(1e-20);
    expect(survival.cox.terms.map(({ name }) => name)).toEqual(["age", "IDH1_mut: true"]);
    expect(survival.cox.terms[1]?.hazardRatio).toBeLessThan(0.5);
    const median = times.toSorted((a, b) => a - b)[times.length >> 1];
    expect(median).toBeLessThan(100);
  });

  it("05-what-age-idh-and-grade-do-to-survival", async () => {
    const { survival } = await run<Survival>("05-what-age-idh-and-grade-do-to-survival");
    expect(survival.groups).toHaveLength(4);
    expect(survival.cox.terms).toHaveLength(2 + 5);
    expect(survival.cox.terms[0]?.pValue).toBeLessThan(1e-4);
    expect(survival.excluded).toEqual([]);
  });
});
