import type { ApolloServerPlugin } from "@apollo/server";
import {
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { type Fragments, fragmentsOf } from "./limits.ts";

type Arguments = Record<string, unknown>;

/** Beside one for each object: what a field costs that computes, or that reads more than a row. */
const FIELD_COSTS: Readonly<Record<string, (values: Arguments) => number>> = {
  "Query.similarPatches": () => 2000,
  "Query.similarSlides": () => 5000,
  "Query.similarPatients": () => 5000,
  "Query.survival": () => 5000,
  "Query.compareCohorts": () => 5000,
  "Query.facets": ({ attributes }) => 200 * sizeOf(attributes),
  "Cohort.facets": ({ attributes }) => 200 * sizeOf(attributes),
  "Attribute.missing": () => 10,
  "SurvivalEndpoint.patients": () => 10,
  "SurvivalEndpoint.events": () => 10,
};

/** Every connection's; it counts the whole list. */
const TOTAL_COUNT_COST = 10;

/** Lists that are longer than most: points of a curve. */
const LIST_SIZES: Readonly<Record<string, number>> = { "SurvivalGroup.curve": 200 };
/** Lists that nobody asked for a number of: grids of a slide, feature sets, categories. */
const LIST_SIZE = 10;

const sizeOf = (value: unknown): number => (Array.isArray(value) ? value.length : 1);

/** How many items a field's arguments ask for: `first`, also inside `input`. */
const pageSizeOf = ({ first, input }: Arguments): number | undefined => {
  if (typeof first === "number") return first;
  const inner = typeof input === "object" && input !== null && "first" in input ? input.first : undefined;
  return typeof inner === "number" ? inner : undefined;
};

const isList = (field: GraphQLField<unknown, unknown>): boolean =>
  isListType(isNonNullType(field.type) ? field.type.ofType : field.type);

const argumentsOf = (
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: Record<string, unknown>,
): Arguments => {
  try {
    return getArgumentValues(field, node, variables);
  } catch {
    // Execution refuses them, with the reason.
    return {};
  }
};

type Walk = {
  schema: GraphQLSchema;
  fragments: Fragments;
  variables: Record<string, unknown>;
  /** Costs of fragments that were met already, by name and page size. */
  known: Map<string, number>;
};

const fieldCost = (walk: Walk, parent: GraphQLNamedType, node: FieldNode, page: number | undefined): number => {
  const name = node.name.value;
  const fields = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields() : {};
  const field = fields[name];
  // Introspection reads nothing; its own depth is limited by the rules of the specification.
  if (!field) return 0;
  const place = `${parent.name}.${name}`;
  const values = argumentsOf(field, node, walk.variables);
  const own = name === "totalCount" ? TOTAL_COUNT_COST : (FIELD_COSTS[place]?.(values) ?? 0);
  const type = getNamedType(field.type);
  if (isLeafType(type) || !node.selectionSet) return own;
  const listed = values.ids ?? values.attributes;
  const size = LIST_SIZES[place] ?? page ?? (Array.isArray(listed) ? listed.length : LIST_SIZE);
  const items = isList(field) ? Math.max(0, size) : 1;
  return own + items * (1 + selectionCost(walk, type, node.selectionSet, pageSizeOf(values)));
};

/** @param page how many items the lists right inside have, where the field around them says so */
const selectionCost = (
  walk: Walk,
  type: GraphQLNamedType,
  selections: SelectionSetNode,
  page: number | undefined,
): number => {
  let cost = 0;
  for (const selection of selections.selections) {
    if (selection.kind === Kind.FIELD) cost += fieldCost(walk, type, selection, page);
    else if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition && walk.schema.getType(selection.typeCondition.name.value);
      cost += selectionCost(walk, condition ?? type, selection.selectionSet, page);
    } else cost += fragmentCost(walk, selection.name.value, page);
  }
  return cost;
};

/** Each fragment is measured once for each page size, so that fragments of fragments take no exponential time. */
const fragmentCost = (walk: Walk, name: string, page: number | undefined): number => {
  const place = `${name} ${page}`;
  const known = walk.known.get(place);
  if (known !== undefined) return known;
  walk.known.set(place, 0);
  const fragment = walk.fragments.get(name);
  const type = fragment && walk.schema.getType(fragment.typeCondition.name.value);
  const cost = fragment && type ? selectionCost(walk, type, fragment.selectionSet, page) : 0;
  walk.known.set(place, cost);
  return cost;
};

/**
 * About how many objects an operation's answer may have, list sizes multiplied, and more for fields that compute.
 * Estimated from the document and its variables alone.
 */
export const queryCost = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): number => {
  const root = schema.getRootType(operation.operation);
  const walk = { schema, fragments: fragmentsOf(document), variables, known: new Map<string, number>() };
  return root ? selectionCost(walk, root, operation.selectionSet, undefined) : 0;
};

/** A variable's default stands where the request gives none. */
const variablesOf = (operation: OperationDefinitionNode, given: Record<string, unknown>): Record<string, unknown> => ({
  ...Object.fromEntries(
    (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  ),
  ...given,
});

/**
 * Before anything runs.
 * @throws GraphQLError LIMIT_EXCEEDED for an operation that may cost more than `maxCost`
 */
export const requireAffordable = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
  maxCost: number,
): void => {
  const cost = queryCost(schema, document, operation, variablesOf(operation, variables));
  if (cost <= maxCost) return;
  throw new GraphQLError(`The query may cost ${Math.round(cost)}; ${maxCost} is allowed.`, {
    nodes: operation,
    extensions: {
      code: "LIMIT_EXCEEDED",
      fix: "Ask for smaller pages with `first`, above all in lists inside lists, and for fewer computing fields at once.",
      http: { status: 400 },
    },
  });
};

/** Refuses operations that may cost more than `maxCost`. */
export const queryCostPlugin = (maxCost: number): ApolloServerPlugin => ({
  requestDidStart: async () => ({
    didResolveOperation: async ({ schema, document, operation, request }) => {
      if (operation) requireAffordable(schema, document, operation, request.variables ?? {}, maxCost);
    },
  }),
});
