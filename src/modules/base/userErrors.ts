import { type ErrorCode, type HistoError, isHistoError } from "../../platform/errors.ts";

/** The GraphQL type UserError. */
export type UserError = { code: ErrorCode; message: string; path: string[] | null; fix: string | null };

export const toUserError = (error: HistoError): UserError => ({
  code: error.code,
  message: error.message,
  path: error.inputPath ? [...error.inputPath] : null,
  fix: error.fix ?? null,
});

/**
 * Runs a mutation's service. What a person can mend becomes `errors` of the payload; access, limits and faults stay
 * GraphQL errors.
 * @param empty the payload's fields when nothing was done
 * @param act the payload's fields; it may have `errors` of its own beside results
 */
export const withUserErrors = async <Empty extends object, Result extends object>(
  empty: Empty,
  act: () => Promise<Result>,
): Promise<(Empty | Result) & { errors: UserError[] }> => {
  try {
    return { errors: [], ...(await act()) };
  } catch (error) {
    if (!isHistoError(error) || error.code === "INTERNAL") throw error;
    // With a path it is about the input (a file outside of the roots), without one about the viewer.
    if (error.code === "FORBIDDEN" && !error.inputPath) throw error;
    return { ...empty, errors: [toUserError(error)] };
  }
};
