import { openAssigner } from "../../learning/index.ts";
import { HistoError } from "../../platform/errors.ts";
import { type PhenotypeOf, readNearestOf } from "../../store/assignments.ts";
import { readShares, readSharesOf, type ShareRow } from "../../store/codebooks.ts";
import { readDistances } from "../../store/codebookVectors.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { FeatureSet, Phenotype, Study } from "../../store/generated/client.ts";
import { readIds } from "../../store/pages.ts";
import type { SearchReport } from "../../store/search/index.ts";
import type { NearPatch } from "../../store/setVectorsNearest.ts";
import { formatVector } from "../../store/vectors.ts";
import type { GraphQLContext } from "../context.ts";
import { requireCodebook } from "./phenotype.service.ts";
import type { CodebookMapper } from "./schema.mappers.ts";
import { jensenShannonDistance, meanOfMinima } from "./shareDistance.ts";
import { floatsOf } from "./vectorBytes.ts";

/** Phenotypes whose patches are given as the reason of a hit. */
const BECAUSE = 5;

export type PhenotypeMethod = "PHENOTYPE_SHARES" | "PHENOTYPE_SETS";

export const isPhenotypeMethod = (method: string): method is PhenotypeMethod => method.startsWith("PHENOTYPE_");

type Asked = {
  subject: "slide" | "patient";
  study: Study;
  featureSet: FeatureSet;
  method: PhenotypeMethod;
  codebook: string | null | undefined;
  /** Those that may be hits: the filter, without the query and what is left out with it. */
  candidates: Condition;
  ownId: number;
  first: number;
};

type Hit = { id: number; distance: number; because: PhenotypeOf[] };

const refuse = (message: string, fix: string, path: string): never => {
  throw new HistoError("BAD_ARGUMENT", message, { fix, path: [path] });
};

/** @throws HistoError BAD_ARGUMENT, NOT_FOUND, FORBIDDEN */
const requireFittingCodebook = async (context: GraphQLContext, asked: Asked): Promise<CodebookMapper> => {
  const { method, codebook: id, featureSet, subject } = asked;
  const scope = method === "PHENOTYPE_SETS" ? "PATIENT" : "STUDY or COHORT";
  if (id == null) {
    return refuse(
      `${method} compares phenotypes, and no codebook is given.`,
      `Give one of scope ${scope}.`,
      "codebook",
    );
  }
  if (method === "PHENOTYPE_SETS" && subject === "slide") {
    refuse("PHENOTYPE_SETS compares patients' own clusters; slides have none.", "Ask similarPatients.", "method");
  }
  const codebook = await requireCodebook(context, id);
  if (codebook.build.featureSetId !== featureSet.id) {
    refuse("The codebook is of another feature set.", "Take a codebook of this feature set.", "codebook");
  }
  if ((codebook.build.scope === "PATIENT") !== (method === "PHENOTYPE_SETS")) {
    refuse(
      `${method} needs a codebook of scope ${scope}; this one is of scope ${codebook.build.scope}.`,
      `Build one: buildCodebook(input: {scope: ${scope.split(" ")[0]}, …}).`,
      "codebook",
    );
  }
  return codebook;
};

const notAssigned = ({ subject }: Asked): HistoError =>
  new HistoError("NOT_FOUND", `The codebook has assigned no patch of the ${subject}.`, {
    fix: "Embed its slides into the feature set, then ask buildCodebook again with the codebook's parameters.",
    path: [subject],
  });

const nearestFirst = (a: Hit, b: Hit): number => a.distance - b.distance || a.id - b.id;

/** By how much of each phenotype there is; the reasons are the phenotypes that both have most of. */
const compareShares = async (
  { app }: GraphQLContext,
  asked: Asked,
  { id: codebookId }: CodebookMapper,
): Promise<Hit[]> => {
  const { subject, ownId, candidates } = asked;
  const [own = []] = await readSharesOf(app.database, subject, [{ codebookId, id: ownId }]);
  if (own.length === 0) throw notAssigned(asked);
  const rows = await readShares(app.database, subject, codebookId, { condition: candidates });
  const ofOwn = new Map(own.map(({ index, share }) => [index, share]));
  const common = ({ index, share }: ShareRow) => Math.min(share, ofOwn.get(index) ?? 0);
  return [...Map.groupBy(rows, ({ id }) => id)].map(([id, shares]) => ({
    id,
    distance: jensenShannonDistance(
      shares.map(({ index }) => ofOwn.get(index) ?? 0),
      shares.map(({ share }) => share),
    ),
    because: shares
      .filter((row) => common(row) > 0)
      .sort((a, b) => common(b) - common(a) || a.index - b.index)
      .slice(0, BECAUSE)
      .map(({ index }) => ({ id, codebookId, index })),
  }));
};

const weights = (phenotypes: readonly Phenotype[]): number[] => {
  const all = phenotypes.reduce((sum, { size }) => sum + size, 0);
  return phenotypes.map(({ size }) => size / all);
};

/** Centroids of several phenotypes, one after the other. */
const rowsOf = (phenotypes: readonly Phenotype[], dims: number): Float32Array => {
  const rows = new Float32Array(phenotypes.length * dims);
  phenotypes.forEach(({ centroid }, index) => {
    rows.set(floatsOf(centroid), index * dims);
  });
  return rows;
};

/** By the clusters that each patient has of his own; the reasons are the clusters nearest to one of the query's. */
const compareSets = async (
  { app, signal }: GraphQLContext,
  asked: Asked,
  { buildId }: CodebookMapper,
): Promise<Hit[]> => {
  const { featureSet, study, ownId, candidates } = asked;
  const read = (patientIds: number[]) =>
    app.prisma.codebook.findMany({
      where: { buildId, patientId: { in: patientIds } },
      include: { phenotypes: { orderBy: { index: "asc" } } },
      orderBy: { patientId: "asc" },
    });
  const [own] = await read([ownId]);
  if (!own) throw notAssigned(asked);
  const others = await read(await readIds(app.database, "patient", study.id, candidates));
  if (others.length === 0) return [];
  const { dims } = featureSet;
  const clusters = own.phenotypes.length;
  const assigner = await openAssigner(
    {
      metric: "cosine",
      clusters,
      dims,
      values: rowsOf(own.phenotypes, dims),
      isEmpty: own.phenotypes.map(() => false),
    },
    { providers: app.config.providers },
  );
  try {
    const hits: Hit[] = [];
    for (const { id: codebookId, patientId, phenotypes } of others) {
      signal.throwIfAborted();
      const distances = await assigner.distances(rowsOf(phenotypes, dims));
      const nearest = phenotypes.map(({ index }, row) => ({
        index,
        distance: Math.min(...distances.subarray(row * clusters, (row + 1) * clusters)),
      }));
      const id = patientId as number;
      hits.push({
        id,
        distance: meanOfMinima(distances, weights(phenotypes), weights(own.phenotypes)),
        because: nearest
          .sort((a, b) => a.distance - b.distance || a.index - b.index)
          .slice(0, BECAUSE)
          .map(({ index }) => ({ id, codebookId, index })),
      });
    }
    return hits;
  } finally {
    await assigner.close();
  }
};

/** Of each hit and each phenotype that made it one, the patch nearest to the phenotype's middle, and how near. */
const readReasons = async (
  { app, loaders }: GraphQLContext,
  { subject, featureSet }: Asked,
  { build, id: codebookId }: CodebookMapper,
  hits: readonly Hit[],
): Promise<NearPatch[][]> => {
  const wanted = hits.flatMap(({ because }) => because);
  const found = await readNearestOf(app.database, build.id, subject, wanted);
  const distances = new Map<number, number>();
  if (build.pca !== null) {
    // Distances among components are none of vectors.
    const phenotypes = new Map((await loaders.phenotypes.load(codebookId)).map((row) => [row.index, row]));
    const groups = Map.groupBy(wanted.keys(), (place) => wanted[place]?.index ?? -1);
    for (const [index, places] of groups) {
      const ids = places.flatMap((place) => found[place]?.patchId ?? []);
      const centroid = phenotypes.get(index)?.centroid;
      if (!centroid) continue;
      const read = await readDistances(app.database, featureSet.id, ids, formatVector(floatsOf(centroid)));
      ids.forEach((id, place) => {
        distances.set(id, read[place] as number);
      });
    }
  }
  let place = 0;
  return hits.map(({ because }) =>
    because.flatMap((): NearPatch[] => {
      const near = found[place++];
      return near ? [{ ...near, distance: distances.get(near.patchId) ?? near.distance }] : [];
    }),
  );
};

const reasonOf = ({ subject, method }: Asked, matches: number, without: number): string => {
  const how = method === "PHENOTYPE_SHARES" ? "their shares of phenotypes" : "their own clusters";
  const compared = `${matches} ${subject}${matches === 1 ? " was" : "s were"} compared by ${how}`;
  return without > 0
    ? `${compared}; of ${without} more that pass the filter the codebook has no patches.`
    : `${compared}.`;
};

/**
 * The slides or patients nearest to one by phenotypes, and the report; every one that passes is compared.
 * @throws HistoError BAD_ARGUMENT, NOT_FOUND, FORBIDDEN
 */
export const searchByPhenotypes = async (context: GraphQLContext, asked: Asked) => {
  const began = performance.now();
  const codebook = await requireFittingCodebook(context, asked);
  const compared = await (asked.method === "PHENOTYPE_SHARES" ? compareShares : compareSets)(context, asked, codebook);
  const hits = compared.sort(nearestFirst).slice(0, asked.first);
  const { counts } = context.loaders.lists[asked.subject];
  const passing = await counts.load({ parent: { kind: "study", id: asked.study.id }, condition: asked.candidates });
  const report: SearchReport = {
    strategy: "EXACT",
    matches: compared.length,
    matchesIsExact: true,
    scanned: compared.length,
    isComplete: true,
    recallBasis: "EXACT",
    recallEstimate: 1,
    reason: reasonOf(asked, compared.length, passing - compared.length),
    tookMs: performance.now() - began,
  };
  const because = () => readReasons(context, asked, codebook, hits);
  return { found: { hits, scanned: compared.length, because }, report };
};
