import DataLoader from "dataloader";
import { countMissing, readEndpointCounts } from "../../store/clinical.ts";
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

const inGroups = async <Row extends { id: number; studyId: number }, Value>(
  rows: readonly Row[],
  groupOf: (row: Row) => string,
  read: (group: readonly Row[]) => Promise<Value[]>,
): Promise<Value[]> => {
  const found = new Map<number, Value>();
  for (const group of Map.groupBy(rows, groupOf).values()) {
    const values = await read(group);
    group.forEach((row, index) => {
      found.set(row.id, values[index] as Value);
    });
  }
  return rows.map(({ id }) => found.get(id) as Value);
};

/** What the dictionary of a study needs: one statement for each study and level, however many attributes are asked of. */
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
        (group) => {
          const first = group[0] as Attribute;
          return countMissing(
            database,
            first.studyId,
            first.level,
            group.map(({ key }) => key),
          );
        },
      ),
    { cacheKeyFn: ({ id }) => id },
  ),
  endpointCounts: new DataLoader(
    (endpoints) =>
      inGroups(
        endpoints,
        ({ studyId }) => String(studyId),
        (group) =>
          readEndpointCounts(
            database,
            (group[0] as SurvivalEndpoint).studyId,
            group.map(({ key }) => key),
          ),
      ),
    { cacheKeyFn: ({ id }) => id },
  ),
});
