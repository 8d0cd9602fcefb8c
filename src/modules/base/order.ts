import { HistoError } from "../../platform/errors.ts";

export type Order = { by: string; direction: "ASC" | "DESC" };

/** Lists of patients, slides and studies are ordered by their key, which is unique in its study. */
export const requireKeyOrder = (orders: readonly Order[] | null | undefined): "asc" | "desc" => {
  const order = orders?.[0];
  if (!order) return "asc";
  if (order.by !== "key" || orders.length > 1) {
    throw new HistoError(
      "BAD_ARGUMENT",
      `This list cannot be ordered by "${order.by === "key" ? (orders[1]?.by ?? "") : order.by}".`,
      {
        fix: 'Use orderBy: [{by: "key"}].',
        path: ["orderBy"],
      },
    );
  }
  return order.direction === "ASC" ? "asc" : "desc";
};

/** Prisma's condition for "after this key" in either direction. */
export const afterKey = (direction: "asc" | "desc", key: string | number | undefined) =>
  key === undefined ? {} : { key: { [direction === "asc" ? "gt" : "lt"]: String(key) } };
