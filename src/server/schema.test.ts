import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  Kind,
  parse,
  print,
  type TypeDefinitionNode,
  valueFromASTUntyped,
} from "graphql";
import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../platform/errors.ts";
import { createSchema } from "./schema.ts";

const schema = createSchema();
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

test("every type, field, argument and value tells what it means", () => {
  const silent: string[] = [];
  const note = (name: string, { description }: { description?: string | null | undefined }) => {
    if (!description?.trim()) silent.push(name);
  };
  for (const type of types) {
    note(type.name, type);
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        note(`${type.name}.${field.name}`, field);
        for (const argument of field.args) note(`${type.name}.${field.name}(${argument.name})`, argument);
      }
    }
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) note(`${type.name}.${field.name}`, field);
    }
    if (isEnumType(type)) for (const value of type.getValues()) note(`${type.name}.${value.name}`, value);
  }
  expect(silent).toEqual([]);
});

test("ErrorCode lists the codes that the program knows", () => {
  const errorCode = schema.getType("ErrorCode");
  const declared = isEnumType(errorCode) ? errorCode.getValues().map(({ name }) => name) : [];
  expect(declared.sort()).toEqual([...ERROR_CODES].sort());
});

test("every connection has the same shape", () => {
  for (const type of types.filter(({ name }) => name.endsWith("Connection"))) {
    const node = type.name.replace(/Connection$/, "");
    const fields = isObjectType(type) ? type.getFields() : {};
    expect(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, String(field.type)]))).toEqual({
      nodes: `[${node}!]!`,
      edges: `[${node}Edge!]!`,
      pageInfo: "PageInfo!",
      totalCount: "Int!",
    });
  }
});

const contractFile = join(import.meta.dirname, "../../../shared/contract.graphql");
const hasContract = existsSync(contractFile);
if (!hasContract) console.log("Not compared with the API contract: ../shared/contract.graphql is not here.");

describe.skipIf(!hasContract)("the API contract", () => {
  /** `first: Int = 20`, with a default that says nothing more than the fields' own defaults left out. */
  const valueShape = ({ name, type, defaultValue }: InputValueDefinitionNode): string => {
    const isObject = defaultValue?.kind === Kind.OBJECT;
    const value =
      defaultValue === undefined ? "" : isObject ? " = {}" : ` = ${JSON.stringify(valueFromASTUntyped(defaultValue))}`;
    return `${name.value}: ${print(type)}${value}`;
  };
  const fieldShape = (field: FieldDefinitionNode | InputValueDefinitionNode): string =>
    field.kind === Kind.INPUT_VALUE_DEFINITION
      ? valueShape(field)
      : `${field.name.value}(${(field.arguments ?? []).map(valueShape).sort().join(", ")}): ${print(field.type)}`;

  /** Every member of a type as one line: fields with arguments, values, interfaces, directives. */
  const members = (type: TypeDefinitionNode): string[] => {
    const directives = (type.directives ?? []).map(print);
    if (type.kind === Kind.ENUM_TYPE_DEFINITION)
      return [...directives, ...(type.values ?? []).map(({ name }) => name.value)];
    if (type.kind === Kind.UNION_TYPE_DEFINITION) return (type.types ?? []).map(print);
    if (type.kind === Kind.SCALAR_TYPE_DEFINITION) return directives;
    const interfaces =
      "interfaces" in type ? (type.interfaces ?? []).map((node) => `implements ${node.name.value}`) : [];
    return [...directives, ...interfaces, ...(type.fields ?? []).map(fieldShape)];
  };

  const typesOf = (file: string): Map<string, Set<string>> =>
    new Map(
      parse(readFileSync(file, "utf8"))
        .definitions.filter(
          (node): node is TypeDefinitionNode => "name" in node && node.kind.endsWith("TypeDefinition"),
        )
        .map((node) => [node.name.value, new Set(members(node))]),
    );

  const contract = hasContract ? typesOf(contractFile) : new Map<string, Set<string>>();
  const ours = typesOf(join(import.meta.dirname, "../../schema.graphql"));

  /** What we have beyond the contract, which leaves additions to us. */
  const ADDITIONS = new Set([
    "ErrorCode: INTERNAL",
    "Upload",
    "Phenotype: slideShares(after: String, first: Int = 20, slides: SlideFilter): PhenotypeShareConnection!",
    "Slide: phenotypeShares(codebook: ID!): [PhenotypeShare!]!",
    "BuildCodebookInput: whiten: Boolean! = false",
    "BuildCodebookInput: allowMixedStains: Boolean! = false",
    "Query: codebookChoice(input: CodebookChoiceInput!): CodebookChoice!",
    "CodebookChoice",
    "CodebookChoiceRow",
    "CodebookChoiceInput",
    "Slide: phenotypeMapUrl(codebook: ID!, maxPixels: Int = 1024): String",
    "Slide: phenotypeTilesUrl(codebook: ID!): String",
    "SlideFeatures: stain(): JSON",
    "MilFold: validationPatients(): Int!",
    "MilScore: clusterAttention(): [AttendedPhenotype!]",
    "AttendedPhenotype",
    "MilOptimiser",
    'TrainMilModelInput: optimiser: MilOptimiser! = "ADAM"',
    "TrainMilModelInput: l1: Float! = 0",
    "TrainMilModelInput: clinicalBaseline: [String!]",
    "SurvivalTaskInput: intervals: Int",
    "PatchGrid: geoJsonUrl(codebook: ID, fromBounds: Boolean! = true, score: ID): String!",
    "SearchIndex",
    "BuildSearchIndexInput",
    "FeatureSet: searchIndexes(): [SearchIndex!]!",
    "Mutation: buildSearchIndex(input: BuildSearchIndexInput!): JobPayload!",
    "Worker",
    "WorkerState",
    "Query: workers(): [Worker!]!",
    "ReduceFeatureSetInput",
    "Mutation: reduceFeatureSet(input: ReduceFeatureSetInput!): JobPayload!",
    "ExportPayload: slidesLeftOut(): Int",
  ]);

  /** Implied by the contract's conventions: pages, their edges, and payloads of one thing and its errors. */
  const isImplied = (name: string) => /(Connection|Edge|Payload)$/.test(name);

  test("has every type, member, argument and default that we declare, alike", () => {
    const strange = [...ours].flatMap(([name, shape]) => {
      const promised = contract.get(name);
      if (!promised) return isImplied(name) ? [] : [name];
      return [...shape].filter((member) => !promised.has(member)).map((member) => `${name}: ${member}`);
    });
    expect(strange.filter((member) => !ADDITIONS.has(member))).toEqual([]);
  });
});
