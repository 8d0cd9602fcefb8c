import { type Condition, EVERYTHING, type Ordering, type Position, type Subject } from "../../store/filterSql.ts";
import type { Parent, Placed, Rows } from "../../store/pages.ts";
import type { Loaders } from "../loaders.ts";
import { type Connection, type Cursor, connect, foreignCursor, type PageArguments } from "./connections.ts";

/** Stands in every cursor, so that one of another ordering is refused rather than misread. */
const signatureOf = (orderings: readonly Ordering[]): string =>
  JSON.stringify(orderings.map((ordering) => [ordering.by === "key" ? 0 : ordering.attribute, ordering.direction]));

const isScalarText = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
  } catch {
    return false;
  }
};

/** @throws HistoError BAD_ARGUMENT for a cursor that this ordering cannot have given */
const positionOf = (cursor: Cursor | undefined, orderings: readonly Ordering[]): Position | undefined => {
  if (!cursor) return undefined;
  const [signature, ...values] = cursor;
  if (signature !== signatureOf(orderings)) throw foreignCursor();
  return values.map((value, index) => {
    const ordering = orderings[index];
    const mayMiss = ordering?.by === "attribute";
    if (value === null && mayMiss) return null;
    if (typeof value !== "string" || value.includes("\0")) throw foreignCursor();
    if (mayMiss && ordering.type === "scalar" && !isScalarText(value)) throw foreignCursor();
    return value;
  });
};

export type Listing = { parent: Parent; condition?: Condition; orderings?: readonly Ordering[] };

/** One page of patients or slides; equal lists of many parents are read together. */
export const listRows = async <S extends Subject>(
  loaders: Loaders,
  subject: S,
  { parent, condition = EVERYTHING, orderings = [] }: Listing,
  page: PageArguments,
): Promise<Connection<Rows[S]>> => {
  const { pages, counts } = loaders.lists[subject];
  const connection = await connect<Placed<Rows[S]>>(page, {
    find: (take, after) =>
      pages.load({ parent, condition, orderings, take, after: positionOf(after, orderings) }) as Promise<
        Placed<Rows[S]>[]
      >,
    cursorOf: ({ position }) => [signatureOf(orderings), ...position],
    cursorLength: orderings.length + 2,
    mayMiss: orderings.length > 0,
    count: () => counts.load({ parent, condition }),
  });
  return {
    ...connection,
    nodes: connection.nodes.map(({ row }) => row),
    edges: connection.edges.map(({ cursor, node }) => ({ cursor, node: node.row })),
  };
};
