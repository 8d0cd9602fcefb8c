import { HistoError } from "../../platform/errors.ts";
import type { Ordering } from "../../store/filterSql.ts";
import type { Study } from "../../store/generated/client.ts";
import type { Loaders } from "../loaders.ts";
import { requireAttribute } from "./attributes.ts";

export type Order = { by: string; direction: "ASC" | "DESC" };

export const MAX_ORDERS = 8;

/**
 * What a list is ordered by: its key, or attributes of its things.
 * @throws HistoError COLUMN_UNKNOWN, LIMIT_EXCEEDED
 */
export const resolveOrder = async (
  { loaders }: { loaders: Loaders },
  study: Study,
  orders: readonly Order[] | null | undefined,
  level: "PATIENT" | "SLIDE",
): Promise<Ordering[]> => {
  if (!orders || orders.length === 0) return [];
  if (orders.length > MAX_ORDERS) {
    throw new HistoError("LIMIT_EXCEEDED", `${orders.length} criteria of ordering are more than ${MAX_ORDERS}.`, {
      fix: "Leave out those that break no ties.",
      path: ["orderBy"],
    });
  }
  const dictionary = orders.every(({ by }) => by === "key") ? [] : await loaders.dictionary.load(study.id);
  return orders.map(({ by, direction }, index): Ordering => {
    if (by === "key") return { by: "key", direction };
    const { key, type } = requireAttribute(dictionary, by, level, ["orderBy", String(index), "by"], study.key);
    const isScalar = type === "NUMBER" || type === "BOOLEAN";
    return { by: "attribute", attribute: key, type: isScalar ? "scalar" : "text", direction };
  });
};

/** Prisma's condition for "after this key" in either direction. */
export const afterKey = (direction: "asc" | "desc", key: string | number | null | undefined) =>
  key == null ? {} : { key: { [direction === "asc" ? "gt" : "lt"]: String(key) } };
