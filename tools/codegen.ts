/**
 * Writes every generated file of the repository, or with `--check` tells which ones are out of date:
 * resolver types, resolver map and merged schema (from the SDL of src/modules), types of the Python client (from the merged
 * schema), Prisma client (from prisma/schema.prisma).
 *
 *     node tools/codegen.ts [--check]
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { pythonSchema } from "./pythonSchema.ts";

const root = resolve(import.meta.dirname, "..");

/** What generation reads and writes, besides the installed packages. */
const SOURCES = [
  "codegen.ts",
  "package.json",
  "tsconfig.json",
  "biome.json",
  "prisma.config.ts",
  "prisma",
  "src",
  "schema.graphql",
  "clients/python/src",
];
const PYTHON_SCHEMA = "clients/python/src/histoql/_schema.py";
const GENERATED = ["schema.graphql", "src/modules", "src/store/generated", PYTHON_SCHEMA];

const filesBelow = (path: string): string[] => {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

const contents = (directory: string): Map<string, string> => {
  const files = GENERATED.flatMap((path) => filesBelow(join(directory, path)));
  return new Map(files.map((file) => [relative(directory, file), readFileSync(file, "utf8")] as const));
};

const generate = (directory: string): void => {
  const tool = (packageBin: string, ...args: string[]) =>
    execFileSync(process.execPath, [join(root, "node_modules", packageBin), ...args], {
      cwd: directory,
      stdio: "pipe",
      // Generating a client starts no engine, but Prisma wants to download one unless it is told where one is.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: "1" },
    });
  tool("prisma/build/index.js", "generate");

  const before = contents(directory);
  tool("@graphql-codegen/cli/esm/bin.js", "--config", "codegen.ts");
  const sdl = readFileSync(join(directory, "schema.graphql"), "utf8");
  writeFileSync(join(directory, PYTHON_SCHEMA), pythonSchema(sdl));
  // The generator writes resolvers in a style of its own, and brings ours back to it whenever it looks at them.
  const written = [...contents(directory)]
    .filter(([path, text]) => path.includes("/resolvers/") && before.get(path) !== text)
    .map(([path]) => path);
  if (written.length > 0) tool("@biomejs/biome/bin/biome", "format", "--write", "--vcs-enabled=false", ...written);
};

const outOfDate = (): string[] => {
  const copy = mkdtempSync(join(tmpdir(), "histoql-codegen-"));
  try {
    for (const path of SOURCES) {
      if (existsSync(join(root, path))) cpSync(join(root, path), join(copy, path), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
    const before = contents(copy);
    generate(copy);
    const after = contents(copy);
    const paths = new Set([...before.keys(), ...after.keys()]);
    return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
};

if (process.argv.includes("--check")) {
  const stale = outOfDate();
  for (const path of stale) console.log(`out of date: ${path}`);
  if (stale.length > 0) console.log("Run `npm run codegen` and commit what it writes.");
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  generate(root);
}
