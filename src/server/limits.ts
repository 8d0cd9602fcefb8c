import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from "graphql";

/** A query's tokens are counted while it is parsed; a vector written out number by number takes one for each. */
export const MAX_TOKENS = 20_000;

/** Base64 of a picture, or of a vector, travels inside the request. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Study → slides → nodes → patient → slides → … : deep enough for every path that carries meaning. */
export const MAX_DEPTH = 16;

/** How many fields lie inside each other, fragments included; introspection, which tools send, is not counted. */
const depthOf = (
  selections: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, number>,
): number => {
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
const depthOfFragment = (
  name: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, number>,
): number => {
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
      const fragments = new Map(
        document.definitions
          .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
          .map((fragment) => [fragment.name.value, fragment]),
      );
      const known = new Map<string, number>();
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        const depth = depthOf(definition.selectionSet, fragments, known);
        if (depth <= maxDepth) continue;
        context.reportError(
          new GraphQLError(`The query is ${depth} fields deep; ${maxDepth} are allowed.`, {
            nodes: definition,
            extensions: { code: "LIMIT_EXCEEDED", fix: "Ask for the inner part in a query of its own, by its id." },
          }),
        );
      }
    },
  });
