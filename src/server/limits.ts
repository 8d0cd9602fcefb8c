import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
  visit,
} from "graphql";

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

export const fragmentsOf = (document: DocumentNode): Fragments =>
  new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );

const operationsOf = (document: DocumentNode): OperationDefinitionNode[] =>
  document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);

const exceeded = (message: string, fix: string, node?: OperationDefinitionNode): GraphQLError =>
  new GraphQLError(message, { ...(node && { nodes: node }), extensions: { code: "LIMIT_EXCEEDED", fix } });

/** How many fields lie inside each other, fragments included; introspection, which tools send, is not counted. */
const depthOf = (selections: SelectionSetNode, fragments: Fragments, known: Map<string, number>): number => {
  let deepest = 0;
  for (const selection of selections.selections) {
    if (selection.kind === Kind.FIELD) {
      if (selection.name.value.startsWith("__")) continue;
      const below = selection.selectionSet ? depthOf(selection.selectionSet, fragments, known) : 0;
      deepest = Math.max(deepest, 1 + below);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      deepest = Math.max(deepest, depthOf(selection.selectionSet, fragments, known));
    } else {
      deepest = Math.max(deepest, depthOfFragment(selection.name.value, fragments, known));
    }
  }
  return deepest;
};

/** Each fragment is measured once, so that fragments which spread fragments take no exponential time. */
const depthOfFragment = (name: string, fragments: Fragments, known: Map<string, number>): number => {
  const measured = known.get(name);
  if (measured !== undefined) return measured;
  // A fragment that spreads itself is refused by a rule of the specification; here it only must not recurse for ever.
  known.set(name, 0);
  const fragment = fragments.get(name);
  const depth = fragment ? depthOf(fragment.selectionSet, fragments, known) : 0;
  known.set(name, depth);
  return depth;
};

/** Refuses operations with more than `maxDepth` fields inside each other. */
export const maxDepthRule =
  (maxDepth: number): ValidationRule =>
  (context: ValidationContext): ASTVisitor => ({
    Document(document) {
      const fragments = fragmentsOf(document);
      const known = new Map<string, number>();
      for (const operation of operationsOf(document)) {
        const depth = depthOf(operation.selectionSet, fragments, known);
        if (depth <= maxDepth) continue;
        context.reportError(
          exceeded(
            `The query is ${depth} fields deep; ${maxDepth} are allowed.`,
            "Ask for the inner part in a query of its own, by its id.",
            operation,
          ),
        );
      }
    },
  });

/** Under which names each field is asked for at the root of an operation, fragments included. */
const rootFields = (
  selections: SelectionSetNode,
  fragments: Fragments,
  names: Map<string, Set<string>>,
  seen: Set<string>,
): Map<string, Set<string>> => {
  for (const selection of selections.selections) {
    if (selection.kind === Kind.FIELD) {
      const field = selection.name.value;
      names.set(field, (names.get(field) ?? new Set()).add(selection.alias?.value ?? field));
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      rootFields(selection.selectionSet, fragments, names, seen);
    } else {
      const fragment = seen.has(selection.name.value) ? undefined : fragments.get(selection.name.value);
      seen.add(selection.name.value);
      if (fragment) rootFields(fragment.selectionSet, fragments, names, seen);
    }
  }
  return names;
};

/** Refuses documents with more than `maxAliases` aliases, and operations with one root field more than `maxSame` times. */
export const maxAliasesRule =
  (maxAliases: number, maxSame: number): ValidationRule =>
  (context: ValidationContext): ASTVisitor => ({
    Document(document) {
      let aliases = 0;
      visit(document, {
        Field: ({ alias }) => {
          if (alias) aliases += 1;
        },
      });
      if (aliases > maxAliases) {
        const fix = "Ask in several queries, or for a list by `ids` or `keys`.";
        context.reportError(exceeded(`The query has ${aliases} aliases; ${maxAliases} are allowed.`, fix));
      }
      const fragments = fragmentsOf(document);
      for (const operation of operationsOf(document)) {
        for (const [field, names] of rootFields(operation.selectionSet, fragments, new Map(), new Set())) {
          if (names.size <= maxSame) continue;
          context.reportError(
            exceeded(
              `The query asks ${names.size} times for "${field}"; ${maxSame} are allowed.`,
              "Ask in several queries, or for a list by `ids` or `keys`.",
              operation,
            ),
          );
        }
      }
    },
  });
