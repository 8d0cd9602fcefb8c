import { GraphQLScalarType, Kind } from "graphql";
import { HistoError } from "../../../platform/errors.ts";

const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

const parseDateTime = (value: unknown): Date => {
  const date = typeof value === "string" && ISO_8601.test(value) ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) {
    throw new HistoError("BAD_ARGUMENT", "This is no instant in ISO 8601.", {
      fix: "Write it with a time and a zone: 2026-03-01T09:30:00Z.",
    });
  }
  return date;
};

export const DateTime = new GraphQLScalarType<Date, string>({
  name: "DateTime",
  serialize: (value) => {
    if (value instanceof Date) return value.toISOString();
    throw new TypeError("A resolver returned an instant that is no Date.");
  },
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : undefined),
});
