import {
  buildSchema,
  type GraphQLEnumType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from "graphql";

/**
 * Python types of what a caller sends: enumerations as Literals, inputs as TypedDicts. What comes back depends on what each
 * query selects, which no type of the schema could tell.
 */

const SCALARS: Readonly<Record<string, string>> = {
  ID: "str",
  String: "str",
  Int: "int",
  Float: "float",
  Boolean: "bool",
  DateTime: "str",
  JSON: "Any",
  Vector: "VectorLike",
};

const KEYWORDS = new Set(["and", "from", "in", "is", "not", "or", "class", "def", "with", "lambda", "None"]);

const pythonType = (type: GraphQLInputType): string => {
  if (isNonNullType(type)) return nonNullType(type.ofType);
  return `${nonNullType(type)} | None`;
};

const nonNullType = (type: GraphQLInputType): string =>
  isListType(type) ? `Sequence[${pythonType(type.ofType)}]` : (SCALARS[String(type)] ?? String(type));

const docstring = (description: string | null | undefined, indent: string): string => {
  const lines = (description ?? "").trim().replaceAll("\\", "\\\\").replaceAll('"""', "'''").split("\n");
  const safe = lines.map((line) => line.trim());
  // A quote right before the closing ones would end the text too early.
  const last = safe.at(-1) ?? "";
  const closing = last.endsWith('"') || safe.length > 1 ? `\n${indent}` : "";
  const text = safe.join(`\n${indent}`).replaceAll(/^ +$/gm, "");
  return `${indent}"""${text}${closing}"""`;
};

const enumeration = (type: GraphQLEnumType): string =>
  [
    `${type.name} = Literal[`,
    ...type.getValues().map(({ name, description }) => {
      const note = description?.trim().split("\n").join(" ");
      return `    "${name}",${note ? `  # ${note}` : ""}`;
    }),
    "]",
    docstring(type.description, ""),
  ].join("\n");

const input = (type: GraphQLInputObjectType): string => {
  const fields = Object.values(type.getFields());
  const typeOf = (field: (typeof fields)[number]): string =>
    isRequiredInputField(field) ? pythonType(field.type) : `NotRequired[${pythonType(field.type)}]`;
  const note = type.isOneOf ? "\n\nExactly one of its fields is given." : "";
  const description = docstring(`${type.description ?? ""}${note}`, "    ");
  // Words of Python cannot be fields of a class.
  if (fields.some(({ name }) => KEYWORDS.has(name))) {
    const entries = fields.map((field) => `        "${field.name}": "${typeOf(field)}",`);
    return [
      `${type.name} = TypedDict(`,
      `    "${type.name}",`,
      "    {",
      ...entries,
      "    },",
      ")",
      docstring(type.description, ""),
    ].join("\n");
  }
  return [
    `class ${type.name}(TypedDict):`,
    description,
    "",
    ...fields.flatMap((field) => [`    ${field.name}: ${typeOf(field)}`, docstring(field.description, "    ")]),
  ].join("\n");
};

const isWanted = (type: GraphQLNamedType): boolean => !isIntrospectionType(type);

/** The module `_schema.py` of the Python client, out of the schema's SDL. */
export const pythonSchema = (sdl: string): string => {
  const types = Object.values(buildSchema(sdl).getTypeMap())
    .filter(isWanted)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const enumerations = types.filter(isEnumType);
  const inputs = types.filter(isInputObjectType);
  const names = [...enumerations, ...inputs].map(({ name }) => `    "${name}",`).sort();
  return `${[
    '"""What may be sent to HistoQL. Written by `npm run codegen` from schema.graphql; not to be edited."""',
    "",
    "from __future__ import annotations",
    "",
    "from collections.abc import Sequence",
    "from typing import TYPE_CHECKING, Any, Literal, TypedDict",
    "",
    "if TYPE_CHECKING:",
    "    import numpy",
    "    from typing_extensions import NotRequired",
    "",
    "    VectorLike = numpy.ndarray | Sequence[float] | str",
    "",
    "__all__ = [",
    ...names,
    "]",
    "",
    ...enumerations.flatMap((type) => [enumeration(type), ""]),
    ...inputs.flatMap((type) => ["", input(type), ""]),
  ]
    .join("\n")
    .trimEnd()}\n`;
};
