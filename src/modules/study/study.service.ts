import { authorize, NO_STUDY, readableStudies } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { isKey } from "../../platform/keys.ts";
import type { Study } from "../../store/generated/client.ts";
import { type Connection, connect, type PageArguments } from "../base/connections.ts";
import { afterKey } from "../base/order.ts";
import type { GraphQLContext } from "../context.ts";

/** @throws HistoError BAD_ARGUMENT */
export const requireKey = (key: string, path: readonly string[]): string => {
  if (isKey(key)) return key;
  throw new HistoError("BAD_ARGUMENT", `"${key.slice(0, 100)}" cannot be a key.`, {
    fix: "Use 1 to 100 letters, digits, dots, underscores or hyphens, beginning with a letter or digit.",
    path,
  });
};

/** The study of a key, or null. */
export const findStudy = async ({ loaders, viewer }: GraphQLContext, key: string): Promise<Study | null> => {
  authorize(viewer, "study:read", key);
  const study = await loaders.studyByKey.load(key);
  if (study) loaders.study.prime(study.id, study);
  // A mutation of the same request may make it yet.
  else loaders.studyByKey.clear(key);
  return study;
};

const noStudy = (key: string): HistoError =>
  new HistoError("NOT_FOUND", `There is no study "${key}".`, {
    fix: "`studies { nodes { key } }` lists them; createStudy makes one.",
    path: ["studyKey"],
  });

/**
 * The study of a key, read once a request.
 * @throws HistoError NOT_FOUND, FORBIDDEN
 */
export const loadStudy = async (context: GraphQLContext, key: string): Promise<Study> => {
  const study = await findStudy(context, key);
  if (study) return study;
  throw noStudy(key);
};

/** @throws HistoError NOT_FOUND */
export const requireStudy = async ({ app }: Pick<GraphQLContext, "app">, key: string): Promise<Study> => {
  const study = await app.prisma.study.findUnique({ where: { key } });
  if (study) return study;
  throw noStudy(key);
};

export const listStudies = (
  { app, loaders, viewer }: GraphQLContext,
  page: PageArguments,
): Promise<Connection<Study>> => {
  const readable = readableStudies(viewer);
  const where = readable === "*" ? {} : { key: { in: [...readable] } };
  return connect(page, {
    find: async (take, after) => {
      const studies = await app.prisma.study.findMany({
        where: { AND: [where, afterKey("asc", after?.[0])] },
        orderBy: { key: "asc" },
        take,
      });
      for (const study of studies) loaders.studyByKey.prime(study.key, study);
      return studies;
    },
    cursorOf: (study) => [study.key],
    count: () => app.prisma.study.count({ where }),
  });
};

/**
 * Makes a study; the same input again returns the one that is there.
 * @throws HistoError CONFLICT when the key is taken by a study of another name
 */
export const createStudy = async (
  { app, viewer }: GraphQLContext,
  input: { key: string; name: string; description?: string | null | undefined },
): Promise<Study> => {
  authorize(viewer, "study:create", NO_STUDY);
  const key = requireKey(input.key, ["key"]);
  const name = input.name.trim();
  if (name.length === 0 || name.length > 200) {
    throw new HistoError("BAD_ARGUMENT", "A study's name has 1 to 200 characters.", { path: ["name"] });
  }
  const description = input.description ?? null;
  await app.database.query(
    "INSERT INTO study (key, name, description) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
    [key, name, description],
  );
  const study = await requireStudy({ app }, key);
  if (study.name === name && study.description === description) return study;
  throw new HistoError("CONFLICT", `There is a study "${key}" already, with another name or description.`, {
    fix: "Choose another key, or use the study as it is.",
    path: ["key"],
  });
};
