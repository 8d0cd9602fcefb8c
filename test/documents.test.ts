import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readable, readableSql } from "./support/snapshots.ts";
import { anyPatch, createWorld, seedStudy, type World } from "./support/world.ts";

const folder = join(import.meta.dirname, "graphql");
const documents = readdirSync(folder).filter((name) => name.endsWith(".graphql"));

describe.each(documents)("%s", (name) => {
  let world: World;
  let variables: Record<string, string>;
  beforeAll(async () => {
    world = await createWorld();
    const { featureSet } = await seedStudy(world, 4);
    variables = { featureSet, patch: await anyPatch(world) };
  });
  afterAll(() => world.close());

  it("answers, with the SQL that it takes", async () => {
    const document = readFileSync(join(folder, name), "utf8");
    const used = Object.fromEntries(Object.entries(variables).filter(([key]) => document.includes(`$${key}`)));
    world.takeStatements();
    const answer = await world.query(document, used);
    const statements = world.takeStatements();
    expect(answer.errors).toBeUndefined();
    expect(readable(answer.data)).toMatchSnapshot("result");
    expect(readableSql(statements)).toMatchSnapshot("sql");
  });
});
