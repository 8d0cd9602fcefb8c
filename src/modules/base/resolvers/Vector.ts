import { GraphQLScalarType, valueFromASTUntyped } from "graphql";
import { decodeVector, encodeVector } from "../vectorCodec.ts";

/** Inside it is a Float32Array; a resolver may also return the base64 text that it has already. */
export const Vector = new GraphQLScalarType<Float32Array, string>({
  name: "Vector",
  serialize: (value) => {
    if (typeof value === "string") return value;
    if (value instanceof Float32Array) return encodeVector(value);
    throw new TypeError("A resolver returned a vector that is neither Float32Array nor base64.");
  },
  parseValue: decodeVector,
  parseLiteral: (node, variables) => decodeVector(valueFromASTUntyped(node, variables)),
});
