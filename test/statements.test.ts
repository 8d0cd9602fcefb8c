import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storeStudy, type TestPatient } from "./support/clinical.ts";
import { readableSql } from "./support/snapshots.ts";
import { createWorld, type World } from "./support/world.ts";

/** Every edge of every list at once, with and without arguments. */
const PAGE = `pageInfo { hasNextPage } totalCount`;
const SLIDE = "id key patient { id key } study { key } image { vendor } grids { id } featureSets { vectors }";
const DOCUMENT = `query($first: Int!) {
  studies(first: $first) {
    nodes {
      id
      attributes { key missing }
      endpoints { key patients events }
      featureSets { key vectors slides(first: 3) { ${PAGE} nodes { key } } }
      cohorts { id patients(first: $first) { ${PAGE} nodes { key } } slides(first: 2) { ${PAGE} nodes { key } } facets(attributes: ["age"]) { missing median } }
      slides(first: 2, filter: {clinical: [{attribute: "block", test: {category: ["A"]}}]}, orderBy: [{by: "block", direction: DESC}]) { ${PAGE} nodes { key } }
      patients(first: $first, orderBy: [{by: "age", direction: ASC}]) {
        ${PAGE}
        nodes {
          id
          survival(endpoint: "os") { timeDays }
          slides(first: 2) { ${PAGE} nodes { ${SLIDE} } }
          some: slides(first: 1, filter: {clinical: [{attribute: "block", test: {category: ["A"]}}]}) { ${PAGE} nodes { key } }
        }
      }
    }
  }
  jobs(first: $first) {
    nodes {
      id
      study { key }
      progress { done }
      children(first: 2) { ${PAGE} nodes { id progress { done } failures { totalCount } } }
      failures(first: 2) { ${PAGE} nodes { code slide { key } patient { key } } }
    }
  }
}`;

const patients = (study: number): TestPatient[] =>
  Array.from({ length: 8 }, (_, index) => ({
    key: `P-${study}-${index}`,
    clinical: { age: 40 + index },
    slides: [0, 1, 2].map((place) => ({
      key: `S-${study}-${index}-${place}`,
      stain: "HE" as const,
      clinical: { block: place === 0 ? "A" : "B" },
    })),
  }));

let world: World;
beforeAll(async () => {
  world = await createWorld({ work: false });
  const { database } = world.app;
  for (let study = 0; study < 7; study += 1) {
    const id = await storeStudy(
      world,
      `study-${study}`,
      [
        { key: "age", type: "NUMBER" },
        { key: "block", type: "CATEGORY", level: "SLIDE" },
      ],
      patients(study),
    );
    await database.query("INSERT INTO survival_endpoint (study_id, key) VALUES ($1, 'os')", [id]);
    await database.query(
      `INSERT INTO cohort (study_id, key, name, filter, is_frozen)
       SELECT $1, 'c' || number, 'c', jsonb_build_object('keys', jsonb_build_array('P-' || $2 || '-' || number)), number = 1 FROM generate_series(1, 3) AS number`,
      [id, String(study)],
    );
    await database.query(
      `INSERT INTO job (id, kind, study_id, created_by, state, parent_id)
       SELECT md5($1::text || number)::uuid, 'TILE', $1::int, 'test', 'FAILED', CASE WHEN number > 0 THEN md5($1::text || 0)::uuid END FROM generate_series(0, 3) AS number`,
      [id],
    );
    await database.query(
      `INSERT INTO job_failure (job_id, code, message, slide_id, patient_id)
       SELECT job.id, 'NO_TISSUE', 'None.', slide.id, slide.patient_id FROM job, slide
       WHERE job.study_id = $1 AND slide.study_id = $1 AND slide.key LIKE '%-0-0'`,
      [id],
    );
  }
});
afterAll(() => world.close());

describe("the number of SQL statements", () => {
  it("is the same for a graph of any size", async () => {
    const statementsFor = async (first: number) => {
      world.takeStatements();
      const data = await world.ask<{
        studies: { nodes: { patients: { nodes: { slides: { nodes: unknown[] } }[] } }[] };
      }>(DOCUMENT, { first });
      expect(data.studies.nodes).toHaveLength(first);
      for (const { patients: listed } of data.studies.nodes) {
        expect(listed.nodes).toHaveLength(first);
        for (const { slides } of listed.nodes) expect(slides.nodes).toHaveLength(2);
      }
      return world.takeStatements().filter((text) => !text.includes("pgboss"));
    };
    const [few, many] = [await statementsFor(2), await statementsFor(6)];
    expect(few.length, readableSql(few).join("\n")).toBeLessThanOrEqual(45);
    expect(many, `${readableSql(few).join("\n")}\n\n${readableSql(many).join("\n")}`).toHaveLength(few.length);
  });

  it("gives every parent its own page and total", async () => {
    const { jobs } = await world.ask<{
      jobs: {
        nodes: {
          study: { key: string };
          children: { totalCount: number; nodes: { id: string }[] };
          failures: { totalCount: number; nodes: { slide: { key: string } }[] };
        }[];
      };
    }>(
      "{ jobs(first: 6) { nodes { study { key } children(first: 2) { totalCount nodes { id } } failures(first: 3) { totalCount nodes { slide { key } } } } } }",
    );
    expect(jobs.nodes).toHaveLength(6);
    const children = jobs.nodes.flatMap((job) => job.children.nodes.map(({ id }) => id));
    expect(new Set(children).size).toBe(12);
    for (const { study, children: parts, failures } of jobs.nodes) {
      expect(parts.totalCount).toBe(3);
      expect(failures.totalCount).toBe(4);
      const number = study.key.slice("study-".length);
      expect(failures.nodes.map(({ slide }) => slide.key)).toEqual(Array.from({ length: 3 }, () => `S-${number}-0-0`));
    }
  });

  it("of nested pages, each goes on behind its own cursor", async () => {
    const page = (after: string) =>
      `{ study(key: "study-0") { patients(first: 3) { nodes { key slides(first: 2${after}) { totalCount pageInfo { endCursor hasNextPage } nodes { key } } } } } }`;
    type Answer = {
      study: {
        patients: {
          nodes: {
            key: string;
            slides: { pageInfo: { endCursor: string; hasNextPage: boolean }; nodes: { key: string }[] };
          }[];
        };
      };
    };
    const first = await world.ask<Answer>(page(""));
    for (const [index, { slides }] of first.study.patients.nodes.entries()) {
      expect(slides.pageInfo.hasNextPage).toBe(true);
      const next = await world.ask<Answer>(page(`, after: "${slides.pageInfo.endCursor}"`));
      expect(next.study.patients.nodes[index]?.slides.nodes).toEqual([{ key: `S-0-${index}-2` }]);
    }
  });
});
