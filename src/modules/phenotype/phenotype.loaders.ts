import DataLoader from "dataloader";
import { readAssigned } from "../../store/assignments.ts";
import {
  type BuildState,
  readBuildStates,
  readSharesOf,
  type ShareRow,
  type ShareUnit,
} from "../../store/codebooks.ts";
import type { Phenotype } from "../../store/generated/client.ts";
import type { App } from "../context.ts";
import type { CodebookMapper } from "./schema.mappers.ts";

type AssignedRequest = { buildId: number; codebookId: number; patchId: number };
type SharesRequest = { unit: ShareUnit; codebookId: number; id: number };

export type PhenotypeLoaders = {
  codebook: DataLoader<number, CodebookMapper>;
  /** A complete build's codebook, with scope PATIENT that of the first patient by key; null while there is none. */
  buildCodebook: DataLoader<number, CodebookMapper | null>;
  /** A study's codebooks, newest first, those of one build by patient. */
  studyCodebooks: DataLoader<number, CodebookMapper[]>;
  featureSetCodebooks: DataLoader<number, CodebookMapper[]>;
  /** Of a codebook, by number. */
  phenotypes: DataLoader<number, Phenotype[]>;
  buildState: DataLoader<number, BuildState>;
  /** Number of a patch's phenotype; null where the codebook has not assigned it. */
  assigned: DataLoader<AssignedRequest, number | null, string>;
  /** Of one patient or slide in each phenotype of a codebook, by number. */
  shares: DataLoader<SharesRequest, ShareRow[], string>;
};

const newestFirst = [{ build: { createdAt: "desc" } }, { buildId: "desc" }, { patient: { key: "asc" } }] as const;

/** Requests that are alike in `nameOf` are answered together. */
const together =
  <Request, Result>(nameOf: (request: Request) => string, read: (alike: Request[]) => Promise<Result[]>) =>
  async (requests: readonly Request[]): Promise<Result[]> => {
    const results = new Map<Request, Result>();
    for (const alike of Map.groupBy(requests, nameOf).values()) {
      const read_ = await read(alike);
      alike.forEach((request, index) => {
        results.set(request, read_[index] as Result);
      });
    }
    return requests.map((request) => results.get(request) as Result);
  };

export const createPhenotypeLoaders = ({ prisma, database }: Pick<App, "prisma" | "database">): PhenotypeLoaders => {
  const codebooksBy = (of: "studyId" | "featureSetId") =>
    new DataLoader<number, CodebookMapper[]>(async (ids) => {
      const rows = await prisma.codebook.findMany({
        where: { build: { [of]: { in: [...ids] }, isComplete: true } },
        include: { build: true },
        orderBy: [...newestFirst],
      });
      const groups = Map.groupBy(rows, ({ build }) => build[of]);
      return ids.map((id) => groups.get(id) ?? []);
    });
  return {
    codebook: new DataLoader(async (ids) => {
      const rows = await prisma.codebook.findMany({ where: { id: { in: [...ids] } }, include: { build: true } });
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => byId.get(id) ?? new Error("A row was deleted while it was being read."));
    }),
    buildCodebook: new DataLoader(async (ids) => {
      const rows = await prisma.codebook.findMany({
        where: { buildId: { in: [...ids] }, build: { isComplete: true } },
        include: { build: true },
        distinct: ["buildId"],
        orderBy: [{ buildId: "asc" }, { patient: { key: "asc" } }],
      });
      const byBuild = new Map(rows.map((row) => [row.buildId, row]));
      return ids.map((id) => byBuild.get(id) ?? null);
    }),
    studyCodebooks: codebooksBy("studyId"),
    featureSetCodebooks: codebooksBy("featureSetId"),
    phenotypes: new DataLoader(async (ids) => {
      const rows = await prisma.phenotype.findMany({
        where: { codebookId: { in: [...ids] } },
        orderBy: [{ codebookId: "asc" }, { index: "asc" }],
      });
      const groups = Map.groupBy(rows, ({ codebookId }) => codebookId);
      return ids.map((id) => groups.get(id) ?? []);
    }),
    buildState: new DataLoader((ids) => readBuildStates(database, ids)),
    assigned: new DataLoader(
      together(
        ({ codebookId }) => String(codebookId),
        (alike) =>
          readAssigned(
            database,
            alike[0] as AssignedRequest,
            alike.map(({ patchId }) => patchId),
          ),
      ),
      { cacheKeyFn: ({ codebookId, patchId }) => `${codebookId}/${patchId}` },
    ),
    shares: new DataLoader(
      together(
        ({ unit }) => unit,
        (alike) => readSharesOf(database, (alike[0] as SharesRequest).unit, alike),
      ),
      { cacheKeyFn: ({ unit, codebookId, id }) => `${unit}/${codebookId}/${id}` },
    ),
  };
};
