import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportHead, headWithDefaults, initialParameters } from "../../src/learning/mil/index.ts";
import { storeStudy } from "./clinical.ts";
import { cloud, storeVectorSet } from "./vectorSet.ts";
import type { World } from "./world.ts";

/** Patients whose slides hold a few patches that tell their pattern and how long they live, among others that do not. */

export const PATTERNS = ["diffuse", "perivascular"] as const;
const DIMS = 6;

/** Normal numbers by Box and Muller from a seeded generator, so that every run sees the same study. */
const normals = (seed: number): (() => number) => {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
};

export type MilStudy = { featureSet: string; featureSetId: number };

/**
 * Study `key` with `patients` patients `p00`, `p01`, … of two slides each: `pattern` (of every other one), `burden` (a number that
 * goes with it), `age`, `site` (of four), and endpoint `os`, sooner for a diffuse pattern.
 */
export const storeMilStudy = async (world: World, key: string, patients: number): Promise<MilStudy> => {
  const normal = normals(7);
  const people = Array.from({ length: patients }, (_, index) => ({
    key: `${key}-p${String(index).padStart(2, "0")}`,
    isDiffuse: index % 2 === 0,
    age: 50 + Math.round(10 * normal()),
    site: `site ${Math.floor(index / 2) % 4}`,
  }));
  const slidesOf = (patient: string) => [`${patient}-a`, `${patient}-b`];
  const studyId = await storeStudy(
    world,
    key,
    [
      { key: "pattern", type: "CATEGORY" },
      { key: "burden", type: "NUMBER" },
      { key: "age", type: "NUMBER" },
      { key: "site", type: "CATEGORY" },
      { key: "note", type: "TEXT" },
      { key: "grade", type: "CATEGORY", level: "SLIDE" },
    ],
    people.map((person) => ({
      key: person.key,
      clinical: {
        pattern: PATTERNS[person.isDiffuse ? 0 : 1],
        burden: (person.isDiffuse ? 1 : 0) + Math.round(10 * normal()) / 100,
        age: person.age,
        site: person.site,
      },
      slides: slidesOf(person.key).map((slide) => ({
        key: slide,
        stain: "IHC" as const,
        clinical: { grade: person.isDiffuse ? "high" : "low" },
      })),
    })),
  );
  const { database } = world.app;
  await database.query("INSERT INTO survival_endpoint (study_id, key) VALUES ($1, 'os')", [studyId]);
  for (const { key: patient, isDiffuse } of people) {
    const days = Math.max(1, Math.round((isDiffuse ? 200 : 900) * Math.exp(normal() / 4)));
    await database.query(
      "UPDATE patient SET survival = jsonb_build_object('os', jsonb_build_array($3::int, $4::boolean)) WHERE study_id = $1 AND key = $2",
      [studyId, patient, days, normal() < 0.7],
    );
  }
  const slides = people.flatMap(({ key: patient, isDiffuse }) =>
    slidesOf(patient).map((slide, place) => {
      const signal = isDiffuse ? 3 : -3;
      // The last three patches carry the signal; one slide of the first patient is a bag of few.
      const ground = cloud(normal, place === 0 ? 6 : 9, new Array(DIMS).fill(0));
      const marked = cloud(normal, 3, [signal, 0, 0, 0, 0, 2], 0.2);
      return { slide, vectors: [...ground, ...marked] };
    }),
  );
  const { id, globalId } = await storeVectorSet(world, key, "cnn", slides);
  return { featureSet: globalId, featureSetId: id };
};

/** Settings with which a small head learns the study in a second. */
export const QUICK = {
  architecture: "GATED_ABMIL",
  hidden: 8,
  epochs: 12,
  patience: 4,
  learningRate: 0.03,
  weightDecay: 0,
  patientsPerStep: 8,
};

/** A head without training, imported into study "glioma" of `seedStudy` and run on its patients; ids of the model and of a score. */
export const scoreImportedHead = async (
  world: World,
  featureSet: string,
): Promise<{ model: string; score: string }> => {
  const { dims } = await world.app.prisma.featureSet.findFirstOrThrow({ where: { key: "cnn" } });
  const head = headWithDefaults({
    architecture: "ABMIL",
    task: { kind: "SURVIVAL", likelihood: "COX" },
    dims,
    hidden: 4,
  });
  await writeFile(join(world.folder, "head.onnx"), exportHead(head, initialParameters(head, 1)).onnx);
  await world.app.database.query(
    "INSERT INTO survival_endpoint (study_id, key) SELECT id, 'os' FROM study WHERE key = 'glioma' ON CONFLICT DO NOTHING",
  );
  const { importMilModel } = await world.ask<{ importMilModel: { model: { id: string } } }>(
    `mutation($featureSet: ID!) {
      importMilModel(input: {
        key: "imported", featureSet: $featureSet, task: { survival: { endpoint: "os" } }, path: "head.onnx"
        featuresInput: "features", output: "risk", attentionOutput: "attention"
      }) { model { id } errors { code message } }
    }`,
    { featureSet },
  );
  const model = importMilModel.model.id;
  const { scoreMilModel } = await world.ask<{ scoreMilModel: { job: { id: string } } }>(
    "mutation($model: ID!) { scoreMilModel(input: {model: $model}) { job { id } errors { code } } }",
    { model },
  );
  await world.jobEnd(scoreMilModel.job.id);
  const { node } = await world.ask<{ node: { scores: { nodes: { id: string }[] } } }>(
    "query($model: ID!) { node(id: $model) { ... on MilModel { scores { nodes { id } } } } }",
    { model },
  );
  return { model, score: node.scores.nodes[0]?.id ?? "" };
};
