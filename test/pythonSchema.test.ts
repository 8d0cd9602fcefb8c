import { execFileSync, spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { pythonSchema } from "../tools/pythonSchema.ts";

const SDL = `
  type Query { ask(input: Choice, filter: Filter): String }
  "Which \\"way\\""
  enum Way { "Forth." FORTH BACK }
  """
  Exactly one.

  Says it in \\ and \\"""quotes\\"""
  """
  input Choice @oneOf { way: Way, vector: Vector }
  input Filter { "Words of Python." and: [Filter!], first: Int! = 3, key: ID!, numbers: [Float]! }
  scalar Vector
`;

it("says of each field whether it must be given, and of which type", () => {
  const module = pythonSchema(SDL);
  expect(module).toContain('Way = Literal[\n    "FORTH",  # Forth.\n    "BACK",\n]');
  expect(module).toContain("class Choice(TypedDict):");
  expect(module).toContain("    way: NotRequired[Way | None]");
  expect(module).toContain("    vector: NotRequired[VectorLike | None]");
  expect(module).toContain('"and": "NotRequired[Sequence[Filter] | None]"');
  expect(module).toContain('"first": "NotRequired[int]"');
  expect(module).toContain('"key": "str"');
  expect(module).toContain('"numbers": "Sequence[float | None]"');
  expect(module).toContain("Exactly one of its fields is given.");
});

it("is a module that Python reads, whatever stands in a description", (context) => {
  if (spawnSync("python3", ["--version"]).status !== 0) context.skip("python3 is not installed");
  const told = execFileSync("python3", ["-W", "error", "-"], {
    input: `${pythonSchema(SDL)}\nprint(__all__, Choice.__doc__)`,
    encoding: "utf8",
  });
  expect(told).toContain("['Choice', 'Filter', 'Way']");
  expect(told).toContain("Says it in \\ and '''quotes'''");
});
