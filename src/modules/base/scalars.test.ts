import { type GraphQLScalarType, parseValue } from "graphql";
import { expect, test } from "vitest";
import { DateTime } from "./resolvers/DateTime.ts";
import { JSON as JSONScalar } from "./resolvers/JSON.ts";
import { Vector } from "./resolvers/Vector.ts";

const parseLiteral = (scalar: GraphQLScalarType<unknown, unknown>, text: string) =>
  scalar.parseLiteral(parseValue(text));

test("an instant keeps its milliseconds both ways and knows its zone", () => {
  const noon = DateTime.parseValue("2026-03-01T12:00:00.123+02:00");
  expect(DateTime.serialize(noon)).toBe("2026-03-01T10:00:00.123Z");
});

test.each(["2026-03-01", "2026-03-01T12:00:00", "2026-13-01T12:00:00Z", "yesterday", 1772366400000])(
  "%s is no instant",
  (value) => {
    expect(() => DateTime.parseValue(value)).toThrowError(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  },
);

test("JSON written into the query means what the same JSON means in a variable", () => {
  expect(parseLiteral(JSONScalar, '{ mean: [0.5, 1], size: 224, none: null, order: "RGB" }')).toEqual({
    mean: [0.5, 1],
    size: 224,
    none: null,
    order: "RGB",
  });
});

test("a vector written into the query may be a list or base64", () => {
  expect(Vector.parseLiteral(parseValue("[1, -0.5]"))).toEqual(Float32Array.of(1, -0.5));
  expect(Vector.parseLiteral(parseValue('"AACAPw=="'))).toEqual(Float32Array.of(1));
  expect(Vector.serialize(Float32Array.of(1))).toBe("AACAPw==");
});
