import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { encodeId, requireId } from "../../platform/ids.ts";
import { readExemplars } from "../../store/assignments.ts";
import { countShares, readSharePage, type ShareRow, type ShareUnit } from "../../store/codebooks.ts";
import { readDistances } from "../../store/codebookVectors.ts";
import type { FeatureSet, Patient, Phenotype, Slide, Study } from "../../store/generated/client.ts";
import type { PatchRow } from "../../store/patches.ts";
import { formatVector } from "../../store/vectors.ts";
import { type Connection, connect, foreignCursor, type PageArguments, requirePageSize } from "../base/connections.ts";
import { type PatientFilter, resolvePatientFilter, resolveSlideFilter, type SlideFilter } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import type { CodebookMapper, PhenotypeMapper, PhenotypeShareMapper } from "./schema.mappers.ts";
import { floatsOf } from "./vectorBytes.ts";

type IdParts = readonly (string | number)[];

/** The codebook of an id's parts, or null. */
export const findCodebook = async ({ app, viewer }: GraphQLContext, parts: IdParts): Promise<CodebookMapper | null> => {
  const [studyKey, featureSetKey, key, patientKey] = parts.map(String) as [string, string, string, string];
  authorize(viewer, "study:read", studyKey);
  return app.prisma.codebook.findFirst({
    where: {
      build: { key, isComplete: true, featureSet: { key: featureSetKey, study: { key: studyKey } } },
      ...(patientKey === "" ? { patientId: null } : { patient: { key: patientKey } }),
    },
    include: { build: true },
  });
};

/** The phenotype of an id's parts, or null. */
export const findPhenotype = async (context: GraphQLContext, parts: IdParts): Promise<PhenotypeMapper | null> => {
  const codebook = await findCodebook(context, parts.slice(0, -1));
  if (!codebook) return null;
  const phenotypes = await context.loaders.phenotypes.load(codebook.id);
  const found = phenotypes.find(({ index }) => index === parts.at(-1));
  return found ? { ...found, codebook } : null;
};

/** @throws HistoError NOT_FOUND, FORBIDDEN */
export const requireCodebook = async (
  context: GraphQLContext,
  id: string,
  path: readonly string[] = ["codebook"],
): Promise<CodebookMapper> => {
  const found = await findCodebook(context, requireId("Codebook", id, path));
  if (found) return found;
  throw new HistoError("NOT_FOUND", "There is no such codebook.", {
    fix: "`study(key) { codebooks { id } }` lists them; buildCodebook makes one.",
    path,
  });
};

/** @throws HistoError NOT_FOUND, FORBIDDEN */
export const requirePhenotype = async (
  context: GraphQLContext,
  id: string,
  path: readonly string[] = ["phenotype"],
): Promise<PhenotypeMapper> => {
  const found = await findPhenotype(context, requireId("Phenotype", id, path));
  if (found) return found;
  throw new HistoError("NOT_FOUND", "There is no such phenotype.", {
    fix: "`study(key) { codebooks { phenotypes { id index name } } }` lists them.",
    path,
  });
};

const codebookIdParts = async ({ loaders }: GraphQLContext, codebook: CodebookMapper): Promise<string[]> => {
  const [study, featureSet, patient] = await Promise.all([
    loaders.study.load(codebook.build.studyId),
    loaders.featureSet.load(codebook.build.featureSetId),
    codebook.patientId === null ? null : loaders.patient.load(codebook.patientId),
  ]);
  return [study.key, featureSet.key, codebook.build.key, patient?.key ?? ""];
};

export const idOfCodebook = async (context: GraphQLContext, codebook: CodebookMapper): Promise<string> =>
  encodeId("Codebook", ...(await codebookIdParts(context, codebook)));

export const idOfPhenotype = async (context: GraphQLContext, { codebook, index }: PhenotypeMapper): Promise<string> =>
  encodeId("Phenotype", ...(await codebookIdParts(context, codebook)), index);

const authorizeCodebook = async ({ loaders, viewer }: GraphQLContext, { build }: CodebookMapper): Promise<Study> => {
  const study = await loaders.study.load(build.studyId);
  authorize(viewer, "study:read", study.key);
  return study;
};

/** Every codebook of a study, newest first. */
export const listStudyCodebooks = ({ loaders, viewer }: GraphQLContext, study: Study): Promise<CodebookMapper[]> => {
  authorize(viewer, "study:read", study.key);
  return loaders.studyCodebooks.load(study.id);
};

/** Every codebook of a feature set, newest first. */
export const listFeatureSetCodebooks = async (
  { loaders, viewer }: GraphQLContext,
  featureSet: FeatureSet,
): Promise<CodebookMapper[]> => {
  authorize(viewer, "study:read", (await loaders.study.load(featureSet.studyId)).key);
  return loaders.featureSetCodebooks.load(featureSet.id);
};

/** The clusters of a codebook that hold patches, by number. */
export const listPhenotypes = async (context: GraphQLContext, codebook: CodebookMapper): Promise<PhenotypeMapper[]> => {
  await authorizeCodebook(context, codebook);
  const phenotypes = await context.loaders.phenotypes.load(codebook.id);
  return phenotypes.map((phenotype) => ({ ...phenotype, codebook }));
};

/** The phenotype's share of all patches of its codebook. */
export const shareOf = async ({ loaders }: GraphQLContext, { codebookId, size }: Phenotype): Promise<number> => {
  const all = await loaders.phenotypes.load(codebookId);
  return size / all.reduce((sum, phenotype) => sum + phenotype.size, 0);
};

/** The phenotype that a patch belongs to; null when the codebook has not assigned it. */
export const phenotypeOfPatch = async (
  context: GraphQLContext,
  patch: PatchRow,
  codebookId: string,
): Promise<PhenotypeMapper | null> => {
  const codebook = await requireCodebook(context, codebookId);
  const { buildId, id } = codebook;
  const index = await context.loaders.assigned.load({ buildId, codebookId: id, patchId: patch.id });
  if (index === null) return null;
  return (await listPhenotypes(context, codebook)).find((phenotype) => phenotype.index === index) ?? null;
};

const toShare = (unit: ShareUnit, phenotype: PhenotypeMapper, row: ShareRow): PhenotypeShareMapper => ({
  phenotype,
  patientId: row.patientId,
  slideId: unit === "slide" ? row.id : null,
  patches: row.patches,
  share: row.share,
});

const shareCursor = ([share, key]: readonly unknown[]): { share: number; key: string } => {
  if (typeof share !== "number" || typeof key !== "string" || key.includes("\0")) throw foreignCursor();
  return { share, key };
};

/** One phenotype's shares of patients or slides, greatest first, then by key. */
export const listShares = async (
  context: GraphQLContext,
  phenotype: PhenotypeMapper,
  unit: ShareUnit,
  filter: PatientFilter | SlideFilter | null | undefined,
  page: PageArguments,
): Promise<Connection<PhenotypeShareMapper>> => {
  const study = await authorizeCodebook(context, phenotype.codebook);
  const condition =
    unit === "patient"
      ? await resolvePatientFilter(context, study, (filter ?? {}) as PatientFilter, ["patients"])
      : await resolveSlideFilter(context, study, (filter ?? {}) as SlideFilter, ["slides"]);
  const { database } = context.app;
  const { codebookId, index } = phenotype;
  const connection = await connect<ShareRow>(page, {
    find: (take, after) =>
      readSharePage(database, unit, { codebookId, index, condition, take, after: after && shareCursor(after) }),
    cursorOf: ({ share, key }) => [share, key],
    cursorLength: 2,
    count: () => countShares(database, unit, codebookId, condition),
  });
  return {
    ...connection,
    nodes: connection.nodes.map((row) => toShare(unit, phenotype, row)),
    edges: connection.edges.map(({ cursor, node }) => ({ cursor, node: toShare(unit, phenotype, node) })),
  };
};

/** Shares of one patient or slide in each phenotype of a codebook, by number; none when the codebook has none of its patches. */
export const sharesIn = async (
  context: GraphQLContext,
  unit: ShareUnit,
  { id, studyId }: Patient | Slide,
  codebookId: string,
): Promise<PhenotypeShareMapper[]> => {
  const codebook = await requireCodebook(context, codebookId);
  if (codebook.build.studyId !== studyId) {
    throw new HistoError("BAD_ARGUMENT", "The codebook is of another study; nothing crosses studies.", {
      fix: "Take a codebook of the same study.",
      path: ["codebook"],
    });
  }
  const phenotypes = new Map((await listPhenotypes(context, codebook)).map((row) => [row.index, row]));
  const rows = await context.loaders.shares.load({ unit, codebookId: codebook.id, id });
  return rows.flatMap((row) => {
    const phenotype = phenotypes.get(row.index);
    return phenotype ? [toShare(unit, phenotype, row)] : [];
  });
};

/** The patches nearest to the phenotype's middle, spread over patients, with their cosine distance to it. */
export const listExemplars = async (
  context: GraphQLContext,
  phenotype: PhenotypeMapper,
  first: number,
): Promise<{ patch: PatchRow; distance: number }[]> => {
  await authorizeCodebook(context, phenotype.codebook);
  const { app, loaders } = context;
  const take = requirePageSize(first);
  const { build, buildId, id: codebookId } = phenotype.codebook;
  const ids = await readExemplars(app.database, { buildId, codebookId, index: phenotype.index }, take);
  const [patches, distances] = await Promise.all([
    loaders.patch.loadMany(ids),
    readDistances(app.database, build.featureSetId, ids, formatVector(floatsOf(phenotype.centroid))),
  ]);
  return patches.flatMap((patch, index) => {
    if (patch instanceof Error) throw patch;
    const distance = distances[index];
    return patch && distance !== undefined ? [{ patch, distance }] : [];
  });
};

const MAX_NAME = 200;
const MAX_NOTE = 10_000;

/** @throws HistoError BAD_ARGUMENT */
const requireText = (text: string | null | undefined, most: number, field: string): string | null | undefined => {
  const trimmed = text?.trim();
  if (text == null) return text;
  if (trimmed !== undefined && trimmed.length <= most && !trimmed.includes("\0")) return trimmed || null;
  throw new HistoError("BAD_ARGUMENT", `A phenotype's ${field} has at most ${most} characters, none of them zero.`, {
    fix: `Shorten the ${field}.`,
    path: [field],
  });
};

/**
 * Gives a phenotype a name and a note; what is left out stays as it is.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT
 */
export const namePhenotype = async (
  context: GraphQLContext,
  input: { phenotype: string; name?: string | null | undefined; note?: string | null | undefined },
): Promise<PhenotypeMapper> => {
  const { app, loaders, viewer } = context;
  authorize(viewer, "study:write", String(requireId("Phenotype", input.phenotype, ["phenotype"])[0]));
  const phenotype = await requirePhenotype(context, input.phenotype);
  const name = requireText(input.name, MAX_NAME, "name");
  const note = requireText(input.note, MAX_NOTE, "note");
  const { codebookId, index, codebook } = phenotype;
  const changed = await app.prisma.phenotype.update({
    where: { codebookId_index: { codebookId, index } },
    data: { ...(name !== undefined && { name }), ...(note !== undefined && { note }) },
  });
  loaders.phenotypes.clear(codebookId);
  return { ...changed, codebook };
};
