import type { ErrorCode } from "../../../platform/errors.ts";

/** What was left out of an import, and why. */
export type Conflict = { code: ErrorCode; message: string; path: string[]; fix: string };

export type Conflicts = { add(conflict: Conflict): void; list(): Conflict[] };

/** A table that is read the wrong way contradicts itself in every row: the first ones tell what is wrong. */
export const MAX_CONFLICTS = 200;

export const createConflicts = (): Conflicts => {
  const kept: Conflict[] = [];
  let further = 0;
  return {
    add(conflict) {
      if (kept.length < MAX_CONFLICTS) kept.push(conflict);
      else further++;
    },
    list() {
      if (further === 0) return kept;
      return [
        ...kept,
        {
          code: "LIMIT_EXCEEDED",
          message: `${further} further conflicts are not shown.`,
          path: [],
          fix: "Mend these first, then import again.",
        },
      ];
    },
  };
};

const SHOWN_CHARACTERS = 40;

/** A cell's text as a message shows it. */
export const shown = (text: string): string =>
  `"${text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text}"`;
