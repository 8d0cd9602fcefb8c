import DataLoader from "dataloader";
import { countEndpoints, countMissing } from "../../store/clinicalCounts.ts";
import type { Attribute, SurvivalEndpoint } from "../../store/generated/client.ts";
import type { App } from "../context.ts";

export type EndpointCounts = { patients: number; events: number };

export type ClinicalLoaders = {
  /** Every endpoint of a study, by key. */
  studyEndpoints: DataLoader<number, SurvivalEndpoint[]>;
  /** Patients (or slides) without a value of an attribute. */
  attributeMissing: DataLoader<Attribute, number, number>;
  endpointCounts: DataLoader<SurvivalEndpoint, EndpointCounts, number>;
};

/** Rows of one group are read side by side, and all groups by one statement. */
const inGroups = async <Row extends { id: number; studyId: number }, Value>(
  rows: readonly Row[],
  groupOf: (row: Row) => string,
  read: (groups: readonly (readonly Row[])[]) => Promise<Value[][]>,
): Promise<Value[]> => {
  const groups = [...Map.groupBy(rows, groupOf).values()];
  const values = await read(groups);
  const found = new Map(
    groups.flatMap((group, part) => group.map(({ id }, index) => [id, values[part]?.[index] as Value] as const)),
  );
  return rows.map(({ id }) => found.get(id) as Value);
};

/** What all rows of a group share, and their keys. */
const wanted = <Row extends { key: string }>(group: readonly Row[]): Row & { keys: string[] } => ({
  ...(group[0] as Row),
  keys: group.map(({ key }) => key),
});

/** What the dictionaries of studies need: one statement each, however many attributes and studies are asked of. */
export const createClinicalLoaders = ({ prisma, database }: Pick<App, "prisma" | "database">): ClinicalLoaders => ({
  studyEndpoints: new DataLoader(async (ids) => {
    const rows = await prisma.survivalEndpoint.findMany({
      where: { studyId: { in: [...ids] } },
      orderBy: { key: "asc" },
    });
    const groups = Map.groupBy(rows, ({ studyId }) => studyId);
    return ids.map((id) => groups.get(id) ?? []);
  }),
  attributeMissing: new DataLoader(
    (attributes) =>
      inGroups(
        attributes,
        ({ studyId, level }) => `${studyId}/${level}`,
        (groups) => countMissing(database, groups.map(wanted)),
      ),
    { cacheKeyFn: ({ id }) => id },
  ),
  endpointCounts: new DataLoader(
    (endpoints) =>
      inGroups(
        endpoints,
        ({ studyId }) => String(studyId),
        (groups) => countEndpoints(database, groups.map(wanted)),
      ),
    { cacheKeyFn: ({ id }) => id },
  ),
});
