import { HistoError } from "../../../platform/errors.ts";
import { type Conflicts, shown } from "./conflicts.ts";
import type { Columns, EndpointMeaning, TimeUnit } from "./meaning.ts";
import { parseNumber } from "./numbers.ts";
import type { Table } from "./table.ts";

/** A month is the twelfth of a Julian year of 365.25 days. */
const DAYS: Record<TimeUnit, number> = { DAYS: 1, WEEKS: 7, MONTHS: 30.4375, YEARS: 365.25 };

/** Time in days and whether the event happened; null when neither is known; undefined where the row is in conflict. */
export type EndpointValue = readonly [timeDays: number, event: boolean] | null | undefined;

export type EndpointReader = { key: string; label: string | null; valueIn(row: number): EndpointValue };

const SHOWN_VALUES = 10;

/** Cells of a column that have a value, each once. */
const distinctCells = (table: Table, column: number, isMissing: (cell: string) => boolean): string[] => {
  const distinct = new Set<string>();
  for (const row of table.rows) {
    const cell = (row[column] ?? "").trim();
    if (!isMissing(cell)) distinct.add(cell);
  }
  return [...distinct].sort();
};

/** Whether two texts are the same word in any case, or the same number. */
const isSame = (a: string, b: string, table: Table): boolean => {
  if (a.toLowerCase() === b.toLowerCase()) return true;
  const [x, y] = [parseNumber(a, table.decimalMark), parseNumber(b, ".") ?? parseNumber(b, table.decimalMark)];
  return x !== undefined && x === y;
};

/**
 * Which cells of the event's column mean the event.
 * @throws HistoError BAD_ARGUMENT when the column tells outcomes apart, and none of them is one of `eventValues`
 */
const eventCells = (
  table: Table,
  column: number,
  endpoint: EndpointMeaning,
  path: readonly string[],
  isMissing: (cell: string) => boolean,
  conflicts: Conflicts,
): ReadonlySet<string> => {
  const wanted = endpoint.eventValues.map((value) => value.trim());
  const cells = distinctCells(table, column, (cell) => isMissing(cell) && !wanted.includes(cell));
  const events = new Set(cells.filter((cell) => wanted.some((value) => isSame(cell, value, table))));
  if (events.size > 0 || cells.length === 0) return events;
  const occurring = cells.slice(0, SHOWN_VALUES).map(shown).join(", ");
  const message = `No row of column "${endpoint.eventColumn}" has one of the eventValues; it has ${occurring}.`;
  if (cells.length > 1) {
    throw new HistoError("BAD_ARGUMENT", message, {
      fix: "Say which of the values mean the event.",
      path: [...path, "eventValues"],
    });
  }
  conflicts.add({
    code: "ALL_CENSORED",
    message: `${message} All patients count as censored.`,
    path: [...path, "eventValues"],
    fix: "Correct eventValues if this value means the event.",
  });
  return events;
};

/**
 * Reads an endpoint out of each row.
 * @throws HistoError COLUMN_UNKNOWN, BAD_ARGUMENT
 */
export const createEndpointReader = (
  table: Table,
  endpoint: EndpointMeaning,
  index: number,
  columns: Columns,
  isMissing: (cell: string) => boolean,
  conflicts: Conflicts,
): EndpointReader => {
  const path = ["endpoints", String(index)];
  const timeColumn = columns.at(endpoint.timeColumn, [...path, "timeColumn"]);
  const eventColumn = columns.at(endpoint.eventColumn, [...path, "eventColumn"]);
  if (endpoint.eventValues.length === 0) {
    throw new HistoError("BAD_ARGUMENT", "eventValues is empty.", {
      fix: 'Say which values mean the event, such as ["1"].',
      path: [...path, "eventValues"],
    });
  }
  const events = eventCells(table, eventColumn, endpoint, path, isMissing, conflicts);
  const daysPerUnit = DAYS[endpoint.timeUnit];
  const refuse = (row: number, problem: string, fix: string): undefined => {
    const number = table.rowNumbers[row] ?? 0;
    conflicts.add({
      code: "VALUE_UNPARSABLE",
      message: `Row ${number}, endpoint ${endpoint.key}: ${problem}`,
      path: [...path, `row ${number}`],
      fix,
    });
    return undefined;
  };
  return {
    key: endpoint.key,
    label: endpoint.label ?? null,
    valueIn(row) {
      const cells = table.rows[row] ?? [];
      const timeText = (cells[timeColumn] ?? "").trim();
      const eventText = (cells[eventColumn] ?? "").trim();
      const hasEvent = events.has(eventText) || !isMissing(eventText);
      if (isMissing(timeText)) {
        if (!hasEvent) return null;
        return refuse(
          row,
          "there is an event or censoring, but no time.",
          `Give the time, or leave "${endpoint.eventColumn}" empty.`,
        );
      }
      const time = parseNumber(timeText, table.decimalMark);
      if (time === undefined) return refuse(row, `${shown(timeText)} is not a time.`, "Write a number.");
      if (time < 0) return refuse(row, `the time ${time} is negative.`, "Count from the start of follow-up.");
      if (!hasEvent) {
        return refuse(
          row,
          "there is a time, but not how it ended.",
          `Fill "${endpoint.eventColumn}", or leave the time empty.`,
        );
      }
      return [time * daysPerUnit, events.has(eventText)];
    },
  };
};
