import { HistoError } from "../../platform/errors.ts";

export type PageArguments = { first?: number | null | undefined; after?: string | null | undefined };

export type Connection<Node> = {
  nodes: Node[];
  edges: { cursor: string; node: Node }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null; hasPreviousPage: boolean; startCursor: string | null };
  /** Counted only when a query asks for it. */
  totalCount: () => Promise<number>;
};

export const MAX_PAGE = 200;
export const DEFAULT_PAGE = 20;

/** A place in an ordered list: the values of the ordering fields of the last item seen, null where it has none. */
export type Cursor = readonly (string | number | null)[];

export const encodeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString("base64url");

/** @throws HistoError BAD_ARGUMENT */
export const decodeCursor = (text: string, length: number, mayMiss = false): Cursor => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (
      Array.isArray(value) &&
      value.length === length &&
      value.every((v) => (mayMiss && v === null) || ["string", "number"].includes(typeof v))
    ) {
      return value as Cursor;
    }
  } catch {
    // Falls through to the one refusal below.
  }
  throw foreignCursor();
};

export const foreignCursor = (): HistoError =>
  new HistoError("BAD_ARGUMENT", "This cursor is not one of this list's.", {
    fix: "Pass `pageInfo.endCursor` of the page before, with the same ordering.",
    path: ["after"],
  });

/** @throws HistoError BAD_ARGUMENT: a page is never cut silently */
export const requirePageSize = (first: number | null | undefined, maximum: number = MAX_PAGE): number => {
  const size = first ?? DEFAULT_PAGE;
  if (Number.isInteger(size) && size >= 1 && size <= maximum) return size;
  throw new HistoError("BAD_ARGUMENT", `first: ${size} is not between 1 and ${maximum}.`, {
    fix: `Ask for at most ${maximum} and follow \`pageInfo.endCursor\` with \`after\`.`,
    path: ["first"],
  });
};

/**
 * One page of an ordered list.
 * @param find reads up to `take` nodes after the cursor
 */
export const connect = async <Node>(
  page: PageArguments,
  source: {
    find: (take: number, after: Cursor | undefined) => Promise<Node[]>;
    cursorOf: (node: Node) => Cursor;
    count: () => Promise<number>;
    /** How many values a cursor of this list has. */
    cursorLength?: number;
    /** Ordering fields may be without a value. */
    mayMiss?: boolean;
  },
): Promise<Connection<Node>> => {
  const first = requirePageSize(page.first);
  const after = page.after == null ? undefined : decodeCursor(page.after, source.cursorLength ?? 1, source.mayMiss);
  const found = await source.find(first + 1, after);
  const nodes = found.slice(0, first);
  const edges = nodes.map((node) => ({ cursor: encodeCursor(source.cursorOf(node)), node }));
  return {
    nodes,
    edges,
    pageInfo: {
      hasNextPage: found.length > first,
      endCursor: edges.at(-1)?.cursor ?? null,
      hasPreviousPage: after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
    },
    totalCount: source.count,
  };
};
