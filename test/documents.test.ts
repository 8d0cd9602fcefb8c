import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readable, readableSql } from "./support/snapshots.ts";
import { anyPatch, createWorld, seedStudy, type World } from "./support/world.ts";

const folder = join(import.meta.dirname, "graphql");
const documents = readdirSync(folder).filter((name) => name.endsWith(".graphql"));

/** The world's slides once more, with the quality of their patches. */
const embedMeasured = async (world: World): Promise<string> => {
  const { embedSlides } = await world.ask<{ embedSlides: { featureSet: { id: string }; job: { id: string } } }>(
    'mutation { embedSlides(input: {slides: {studyKey: "glioma"}, encoderKey: "efficientnet-lite0", featureSetKey: "measured", grid: {minTissue: 0.1}, preprocessing: {qualityControl: true}}) { featureSet { id } job { id } } }',
  );
  await world.jobEnd(embedSlides.job.id);
  return embedSlides.featureSet.id;
};

describe.each(documents)("%s", (name) => {
  const document = readFileSync(join(folder, name), "utf8");
  let world: World;
  let variables: Record<string, string>;
  beforeAll(async () => {
    world = await createWorld();
    const { featureSet } = await seedStudy(world, 4);
    variables = { featureSet, patch: await anyPatch(world) };
    if (document.includes("$measured")) variables.measured = await embedMeasured(world);
  });
  afterAll(() => world.close());

  it("answers, with the SQL that it takes", async () => {
    const used = Object.fromEntries(Object.entries(variables).filter(([key]) => document.includes(`$${key}`)));
    world.takeStatements();
    const answer = await world.query(document, used);
    const statements = world.takeStatements();
    expect(answer.errors).toBeUndefined();
    expect(readable(answer.data)).toMatchSnapshot("result");
    expect(readableSql(statements)).toMatchSnapshot("sql");
  });
});
