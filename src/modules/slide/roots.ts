import { glob, realpath, stat } from "node:fs/promises";
import { basename, extname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { HistoError, isHistoError } from "../../platform/errors.ts";

/** What a folder is searched for; a file that is named itself may have any ending. */
const SLIDE_ENDINGS: readonly string[] =
  ".svs .tif .tiff .ndpi .mrxs .scn .bif .vms .vmu .svslide .dcm .czi .png .jpg .jpeg .jp2 .vsi .isyntax".split(" ");

const isInside = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith(`..${sep}`) && way !== ".." && !isAbsolute(way));
};

const outside = (index: number): HistoError =>
  new HistoError("FORBIDDEN", `paths[${index}] is not inside a folder that this server may read.`, {
    fix: "Have the operator add the folder to HISTOQL_ROOTS (or --root), or copy the files into one that is there.",
    path: ["paths", String(index)],
  });

const missing = (index: number): HistoError =>
  new HistoError("FILE_NOT_FOUND", `Nothing is at paths[${index}].`, {
    fix: "Check the spelling; relative paths start at a configured root.",
    path: ["paths", String(index)],
  });

const isGlob = (path: string): boolean => /[*?[\]{}]/.test(path);

/** Where a relative path may start: every root in turn. */
const candidates = (path: string, roots: readonly string[]): string[] =>
  isAbsolute(path) ? [resolve(path)] : roots.map((root) => resolve(root, path));

export const hasSlideEnding = (path: string): boolean => SLIDE_ENDINGS.includes(extname(path).toLowerCase());

export const isHidden = (path: string): boolean => basename(path).startsWith(".");

const filesIn = async (folder: string, endings: readonly string[]): Promise<string[]> => {
  const found: string[] = [];
  for await (const entry of glob("**/*", { cwd: folder, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && endings.includes(extname(path).toLowerCase()) && !isHidden(path)) found.push(path);
  }
  return found.sort();
};

const realRoots = async (roots: readonly string[]): Promise<string[]> =>
  (await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)))).filter((root) => root !== undefined);

/** A link may lead out of the roots: what counts is where the file really is. */
const requireInside = async (path: string, roots: readonly string[], index: number): Promise<string> => {
  const real = await realpath(path);
  if (roots.some((root) => isInside(root, real))) return real;
  throw outside(index);
};

const MAX_ALTERNATIVES = 1000;

/** What `{a,b}` stands for, spelled out: two dots may hide in braces, and they decide where a pattern leads. */
const spellOutBraces = (pattern: string, index: number): string[] => {
  let patterns = [pattern];
  while (patterns.some((part) => /\{[^{}]*\}/.test(part))) {
    patterns = patterns.flatMap((part) => {
      const [braces, inside = ""] = /\{([^{}]*)\}/.exec(part) ?? [];
      return braces === undefined ? [part] : inside.split(",").map((choice) => part.replace(braces, () => choice));
    });
    if (patterns.length > MAX_ALTERNATIVES) {
      throw new HistoError("BAD_ARGUMENT", `paths[${index}] stands for more than ${MAX_ALTERNATIVES} patterns.`, {
        fix: "Use * instead, or name the folder.",
        path: ["paths", String(index)],
      });
    }
  }
  return patterns.map((part) => part.replace(/[{}]/g, "?"));
};

const expandGlob = async (pattern: string, roots: readonly string[], index: number): Promise<string[]> => {
  const found: string[] = [];
  for (const candidate of spellOutBraces(pattern, index).flatMap((part) => candidates(part, roots))) {
    const root = roots.find((folder) => isInside(folder, candidate));
    if (root === undefined) throw outside(index);
    for await (const entry of glob(relative(root, candidate), { cwd: root, withFileTypes: true })) {
      if (entry.isFile() && !isHidden(entry.name)) {
        found.push(await requireInside(join(entry.parentPath, entry.name), roots, index));
      }
    }
  }
  return found.sort();
};

/**
 * The files that one of a mutation's `paths` names: a file, a folder (searched for slides) or a glob.
 * @param configuredRoots folders that the server may read
 * @param endings of the files that a folder is searched for, in lower case
 * @throws HistoError FORBIDDEN outside the roots, FILE_NOT_FOUND when nothing is there. Neither repeats the path.
 */
export const expandPath = async (
  path: string,
  configuredRoots: readonly string[],
  index: number,
  endings: readonly string[] = SLIDE_ENDINGS,
): Promise<string[]> => {
  const roots = await realRoots(configuredRoots);
  if (isGlob(path) && !(await stat(path).catch(() => undefined))) {
    const found = await expandGlob(path, roots, index);
    if (found.length === 0) throw missing(index);
    return found;
  }
  const places = candidates(path, roots);
  // Decided before looking: whether something exists outside the roots is nobody's business.
  if (!places.some((place) => roots.some((root) => isInside(root, place)))) {
    const real = await Promise.all(places.map((place) => realpath(place).catch(() => undefined)));
    if (!real.some((place) => place !== undefined && roots.some((root) => isInside(root, place)))) throw outside(index);
  }
  for (const place of places) {
    const found = await stat(place).catch(() => undefined);
    if (!found) continue;
    const real = await requireInside(place, roots, index);
    if (found.isFile()) return [real];
    const files = await Promise.all((await filesIn(real, endings)).map((file) => requireInside(file, roots, index)));
    if (files.length === 0) throw missing(index);
    return files;
  }
  throw missing(index);
};

/**
 * The one file that a mutation's `path` names.
 * @throws HistoError as `expandPath`; BAD_ARGUMENT when it stands for several
 */
export const requireFile = async (path: string, configuredRoots: readonly string[]): Promise<string> => {
  try {
    const [file, ...others] = await expandPath(path, configuredRoots, 0);
    if (file !== undefined && others.length === 0) return file;
  } catch (error) {
    if (!isHistoError(error)) throw error;
    throw new HistoError(error.code, error.message.replace("paths[0]", "path"), { fix: error.fix, path: ["path"] });
  }
  throw new HistoError("BAD_ARGUMENT", "path stands for several files.", { fix: "Name one file.", path: ["path"] });
};

/** The key that a slide has by default: the file's stem, with what cannot stand in a key replaced. */
export const slideKeyOf = (path: string): string => {
  const stem = basename(path)
    .replace(/\.ome(?=\.tiff?$)/i, "")
    .replace(/\.[^.]+$/, "");
  return cleanKey(stem) || "slide";
};

/** A name with what cannot stand in a key replaced; empty when nothing is left. */
export const cleanKey = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 100);
