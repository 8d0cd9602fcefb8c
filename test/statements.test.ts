import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { storeStudy, type TestPatient } from "./support/clinical.ts";
import { readableSql } from "./support/snapshots.ts";
import { storeVectorSet } from "./support/vectorSet.ts";
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

const decodeVector = (text: string): number[] => {
  const bytes = Buffer.from(text, "base64");
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
};

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

  it.each(["rows and columns", "imported places"])(
    "is the same for one thing by its id as for many, patches of %s too",
    async (kind) => {
      const key = kind.replaceAll(" ", "-");
      const slides = Array.from({ length: 4 }, (_, index) => ({
        slide: `S-1-${index}-0`,
        vectors: Array.from({ length: 9 }, (_, row) => [index, row, 1]),
      }));
      const { id, globalId } = await storeVectorSet(world, "study-1", key, slides);
      const { database } = world.app;
      if (kind === "imported places") {
        await database.query(
          `UPDATE patch_grid SET step_x = NULL, step_y = NULL, trust = 'DECLARED' FROM slide_features AS held
           WHERE held.grid_id = patch_grid.id AND held.feature_set_id = $1`,
          [id],
        );
      }
      const { rows } = await database.query<{ slide: string; digest: string; x: number; y: number }>(
        `SELECT slide.key AS slide, grid.digest, patch.x, patch.y FROM slide_features AS held
         JOIN patch_grid AS grid ON grid.id = held.grid_id JOIN slide ON slide.id = held.slide_id
         JOIN features.patch AS patch ON patch.id >= grid.id::int8 * 16777216 AND patch.id < (grid.id::int8 + 1) * 16777216
         WHERE held.feature_set_id = $1 ORDER BY patch.id`,
        [id],
      );
      const patches = rows.map(({ slide, digest, x, y }) =>
        encodeId("Patch", "study-1", slide, digest.slice(0, 16), x, y),
      );
      const others = slides.flatMap(({ slide }, index) => [
        encodeId("Slide", "study-1", slide),
        encodeId("Patient", "study-1", `P-1-${index}`),
      ]);
      const askFor = async (ids: readonly string[]) => {
        world.takeStatements();
        const { nodes } = await world.ask<{ nodes: { id: string; vector?: string }[] }>(
          `query($ids: [ID!]!, $set: ID!) { nodes(ids: $ids) {
            id ... on Patch { x size slide { key patient { key } } vector(featureSet: $set) } ... on Slide { key } ... on Patient { key }
          } }`,
          { ids, set: globalId },
        );
        return { nodes, statements: world.takeStatements() };
      };
      expect(patches).toHaveLength(36);
      const one = await askFor([...patches.slice(0, 1), ...others.slice(0, 2)]);
      const many = await askFor([...patches, ...others]);
      expect(many.nodes.map((node) => node.id)).toEqual([...patches, ...others]);
      expect(many.nodes.slice(0, 36).map(({ vector }) => decodeVector(vector ?? ""))).toEqual(
        slides.flatMap(({ vectors }) => vectors),
      );
      // Where places are names, each slide's part of the index is read by itself.
      const perSlide = kind === "imported places" ? slides.length - 1 : 0;
      expect(many.statements, readableSql(many.statements).join("\n")).toHaveLength(one.statements.length + perSlide);
    },
  );

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
