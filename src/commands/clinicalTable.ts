import { dirname, resolve } from "node:path";
import { type ImportInput, type ImportReport, importClinical } from "../modules/patient/importClinical.service.ts";
import type { EndpointMeaning, Level, TimeUnit } from "../modules/patient/table/meaning.ts";
import { HistoError } from "../platform/errors.ts";
import { formatTable, print } from "./terminal.ts";

export const CLINICAL_HELP = `  --clinical <table>          clinical table (CSV, TSV or XLSX) to import after the slides
  --patient-column <name>     its column with the patient's key
  --slide-column <name>       its column with the slide's key, where it has one
  --clinical-level <level>    PATIENT or SLIDE: what the other columns tell of (default: PATIENT)
  --table-patient-pattern, --table-slide-pattern <regex>
                              find the key in those columns, by a group named patient or slide
  --endpoint <spec>           a time-to-event endpoint, key=time:event:values[:unit], such as
                              os=survival_months:status:Dead:MONTHS; several values with commas (default unit: DAYS)
`;

/** Options of `ingest` and `demo` about the clinical table. */
export const CLINICAL_OPTIONS = {
  clinical: { type: "string" },
  "patient-column": { type: "string" },
  "slide-column": { type: "string" },
  "clinical-level": { type: "string" },
  "table-patient-pattern": { type: "string" },
  "table-slide-pattern": { type: "string" },
  endpoint: { type: "string", multiple: true },
} as const;

type Values = { [name: string]: string | boolean | string[] | undefined };

export type ClinicalTable = Omit<ImportInput, "studyKey" | "dryRun">;

const TIME_UNITS = ["DAYS", "WEEKS", "MONTHS", "YEARS"] as const satisfies readonly TimeUnit[];

/**
 * `os=survival_months:status:Dead,Died:MONTHS`
 * @throws HistoError BAD_ARGUMENT
 */
export const parseEndpoint = (text: string): EndpointMeaning => {
  const [, key, spec] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const [timeColumn, eventColumn, values, unit = "DAYS", ...rest] = spec?.split(":") ?? [];
  const timeUnit = TIME_UNITS.find((known) => known === unit.toUpperCase());
  if (key && timeColumn && eventColumn && values && timeUnit && rest.length === 0) {
    return { key, timeColumn, timeUnit, eventColumn, eventValues: values.split(",") };
  }
  throw new HistoError("BAD_ARGUMENT", `--endpoint ${text} is not key=time:event:values[:unit].`, {
    fix: `Write --endpoint os=survival_months:status:Dead:MONTHS; units are ${TIME_UNITS.join(", ")}.`,
  });
};

const LEVELS = ["PATIENT", "SLIDE"] as const satisfies readonly Level[];

/**
 * The clinical table that the options name; undefined when they name none.
 * @throws HistoError BAD_ARGUMENT
 */
export const readClinicalOptions = (values: Values): ClinicalTable | undefined => {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  const table = text("clinical");
  if (table === undefined) {
    const orphan = Object.keys(CLINICAL_OPTIONS).find((name) => values[name] !== undefined);
    if (orphan === undefined) return undefined;
    throw new HistoError("BAD_ARGUMENT", `--${orphan} says how to read a table, but there is none.`, {
      fix: "Name it with --clinical <table>.",
    });
  }
  const patientColumn = text("patient-column");
  if (patientColumn === undefined) {
    throw new HistoError("BAD_ARGUMENT", "--patient-column is missing.", {
      fix: "Say which column of the table holds the patient's key.",
    });
  }
  const level = LEVELS.find((known) => known === (text("clinical-level") ?? "PATIENT").toUpperCase());
  if (!level) {
    throw new HistoError("BAD_ARGUMENT", `--clinical-level ${text("clinical-level")} is no level.`, {
      fix: `Use ${LEVELS.join(" or ")}.`,
    });
  }
  const endpoints = Array.isArray(values.endpoint) ? values.endpoint : [];
  return {
    path: resolve(table),
    level,
    patientColumn,
    patientPattern: text("table-patient-pattern"),
    slideColumn: text("slide-column"),
    slidePattern: text("table-slide-pattern"),
    endpoints: endpoints.map(parseEndpoint),
  };
};

/** Folders that the server must be allowed to read for a table that a person names on the command line. */
export const clinicalRoots = (table: ClinicalTable | undefined): string[] =>
  table?.path == null ? [] : [dirname(table.path)];

const summary = ({ created, changed, unchanged, unlinked, conflicts, attributes }: ImportReport): string => {
  const rows = attributes.map(({ key, type, unit, level }) => [key, type, unit ?? "", level]);
  const problems = conflicts.map(({ code, message, fix }) => `${code}: ${message}${fix ? `\n  fix: ${fix}` : ""}`);
  return [
    `Clinical table: ${created} new, ${changed} changed, ${unchanged} unchanged.`,
    formatTable(["attribute", "type", "unit", "level"], rows),
    ...(unlinked.length > 0 ? [`No key was found in: ${unlinked.join(", ")}`] : []),
    ...problems,
  ].join("\n");
};

/** Imports a table into a study and prints what became of it. */
export const importTable = async (
  context: Parameters<typeof importClinical>[0],
  studyKey: string,
  table: ClinicalTable,
): Promise<void> => {
  print(`\n${summary(await importClinical(context, { ...table, studyKey, dryRun: false }))}`);
};
