import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLNamedType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Viewer } from "../src/platform/authorisation.ts";
import { encodeId } from "../src/platform/ids.ts";
import { createSchema } from "../src/server/schema.ts";
import { scoreImportedHead } from "./support/milStudy.ts";
import { anyPatch, createWorld, seedStudy, type World } from "./support/world.ts";

/**
 * Every root field and every node, asked by somebody who has a role in another study only. The arguments are made from
 * the schema, so that a field that is added is tried too.
 */
const STRANGER: Viewer = { name: "stranger", grants: [{ studyKey: "elsewhere", role: "OWNER" }] };

const schema = createSchema();
let world: World;
let ids: Record<string, string>;

beforeAll(async () => {
  world = await createWorld();
  const { featureSet, job } = await seedStudy(world, 2);
  const { study } = await world.ask<{
    study: {
      id: string;
      patients: { nodes: { id: string; slides: { nodes: { id: string; grids: { id: string }[] }[] } }[] };
    };
  }>('{ study(key: "glioma") { id patients { nodes { id slides { nodes { id grids { id } } } } } } }');
  const patient = study.patients.nodes[0];
  const slide = patient?.slides.nodes[0];
  const { buildCodebook } = await world.ask<{ buildCodebook: { job: { id: string } } }>(
    "mutation($id: ID!) { buildCodebook(input: {featureSet: $id, scope: STUDY, clusters: 2}) { job { id } } }",
    { id: featureSet },
  );
  await world.jobEnd(buildCodebook.job.id);
  const { job: built } = await world.ask<{ job: { result: { id: string; phenotypes: { id: string }[] } } }>(
    "query($id: ID!) { job(id: $id) { result { ... on Codebook { id phenotypes { id } } } } }",
    { id: buildCodebook.job.id },
  );
  const { model, score } = await scoreImportedHead(world, featureSet);
  ids = {
    MilModel: model,
    MilScore: score,
    Codebook: built.result.id,
    Phenotype: built.result.phenotypes[0]?.id ?? "",
    Study: study.id,
    Patient: patient?.id ?? "",
    Slide: slide?.id ?? "",
    PatchGrid: slide?.grids[0]?.id ?? "",
    Patch: await anyPatch(world),
    Encoder: encodeId("Encoder", "efficientnet-lite0"),
    FeatureSet: featureSet,
    Job: job,
    Cohort: encodeId("Cohort", "glioma", "all"),
  };
  await world.ask(
    'mutation { saveCohort(input: {studyKey: "glioma", key: "all", name: "All", patients: {}}) { errors { code } } }',
  );
});
afterAll(() => world.close());

/** Values by the names that the contract uses; without one, a value by type. */
const valueFor = (name: string, type: GraphQLInputType, parent: string): unknown => {
  if (isNonNullType(type)) return valueFor(name, type.ofType, parent);
  if (name === "featureSet" || name === "hasFeatureSet") return ids.FeatureSet;
  if (name === "patch") return ids.Patch;
  if (name === "model") return ids.MilModel;
  if (name === "score") return ids.MilScore;
  if (name === "codebook") return ids.Codebook;
  if (name === "phenotype") return ids.Phenotype;
  if (parent === "CompareCohortsInput") return ids.Cohort;
  if (name === "id")
    return parent.startsWith("Patient") ? ids.Patient : parent.startsWith("Slide") ? ids.Slide : ids.Job;
  if (name === "studyKey") return "glioma";
  if (name === "key" && parent === "Query.encoder") return "efficientnet-lite0";
  if (isListType(type)) return name === "ids" ? Object.values(ids) : [valueFor(name, type.ofType, parent)];
  const named = getNamedType(type);
  if (isEnumType(named)) return named.getValues()[0]?.name;
  if (isInputObjectType(named)) return inputFor(named);
  const byName: Record<string, unknown> = {
    key: "glioma",
    encoderKey: "efficientnet-lite0",
    featureSetKey: "cnn",
    paths: ".",
  };
  return (
    byName[name] ??
    { Int: 1, Float: 0.5, Boolean: true, JSON: {}, Vector: [1, 2], String: "glioma", ID: ids.Job }[named.name]
  );
};

/** Required fields and those that name a study; of a oneOf, the first field. */
const inputFor = (type: GraphQLNamedType): Record<string, unknown> => {
  if (!isInputObjectType(type)) throw new Error(`${type.name} is no input.`);
  const fields = Object.values(type.getFields());
  const chosen = type.isOneOf
    ? fields.slice(0, 1)
    : fields.filter(
        (field) => (isNonNullType(field.type) && field.defaultValue === undefined) || field.name === "studyKey",
      );
  return Object.fromEntries(chosen.map((field) => [field.name, valueFor(field.name, field.type, type.name)]));
};

const selectionOf = (type: GraphQLNamedType): string =>
  isObjectType(type) || isInterfaceType(type) ? "{ __typename }" : "";

const ask = (
  root: "query" | "mutation",
  field: string,
  args: readonly GraphQLArgument[],
  returns: GraphQLNamedType,
) => {
  const needed = args.filter((argument) => isNonNullType(argument.type) || argument.name === "studyKey");
  const variables = Object.fromEntries(
    needed.map((argument) => [argument.name, valueFor(argument.name, argument.type, `Query.${field}`)]),
  );
  const declared = needed.map((argument) => `$${argument.name}: ${argument.type}`).join(", ");
  const passed = needed.map((argument) => `${argument.name}: $${argument.name}`).join(", ");
  const document = `${root}${declared && `(${declared})`} { ${field}${passed && `(${passed})`} ${selectionOf(returns)} }`;
  return world.query<Record<string, unknown>>(document, variables, STRANGER);
};

/** What anybody may ask, and why. */
const OPEN: Record<string, string> = {
  "query.viewer": "tells the stranger who he is",
  "mutation.createUpload": "makes a place of his own, of no study, that nobody else can use",
  "query.studies": "lists only what he may read",
  "query.node": "is null for what he may not see",
  "query.nodes": "are null for what he may not see",
};

describe.each(["query", "mutation"] as const)("%s", (root) => {
  const type = root === "query" ? schema.getQueryType() : schema.getMutationType();
  it.each(Object.keys(type?.getFields() ?? {}))("%s is refused to a stranger", async (name) => {
    const field = type?.getFields()[name];
    if (!field) throw new Error(`${name} is gone.`);
    const { data, errors } = await ask(root, name, field.args, getNamedType(field.type));
    if (`${root}.${name}` in OPEN) {
      expect(errors).toBeUndefined();
      expect(JSON.stringify(data)).not.toContain("glioma");
    } else {
      expect(errors?.map((error) => error.code)).toEqual(["FORBIDDEN"]);
    }
  });
});

describe("node(id:)", () => {
  const nodeTypes = schema.getPossibleTypes(schema.getType("Node") as never).map((type) => type.name);
  it("is tried for every type of node", () => {
    expect(Object.keys(ids).sort()).toEqual([...nodeTypes].sort());
  });
  it.each(nodeTypes)("%s is null for a stranger, and there for its owner", async (type) => {
    const document = "query($id: ID!) { node(id: $id) { __typename } }";
    const own = await world.query<{ node: { __typename: string } | null }>(document, { id: ids[type] });
    expect(own.data?.node?.__typename).toBe(type);
    const foreign = await world.query<{ node: null }>(document, { id: ids[type] }, STRANGER);
    expect(foreign).toEqual({ data: { node: null } });
  });
  it("studies lists nothing for a stranger", async () => {
    const { data } = await world.query("{ studies { totalCount nodes { key } } }", {}, STRANGER);
    expect(data).toEqual({ studies: { totalCount: 0, nodes: [] } });
  });
});
