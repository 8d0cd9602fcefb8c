import { describe, expect, it } from "vitest";
import { HistoError } from "../platform/errors.ts";
import { isUnavailable } from "./unavailable.ts";

const withCode = (code: string, message = "…") => Object.assign(new Error(message), { code });

describe("a database that is away", () => {
  it("is told by sockets, by SQLSTATEs and by the driver's words", () => {
    for (const code of ["ECONNREFUSED", "ECONNRESET", "EPIPE", "57P01", "57P02", "57P03", "08006", "53300", "P1017"]) {
      expect(isUnavailable(withCode(code)), code).toBe(true);
    }
    for (const message of [
      "Connection terminated unexpectedly",
      "Client has encountered a connection error and is not queryable",
      "timeout expired",
    ]) {
      expect(isUnavailable(new Error(message)), message).toBe(true);
    }
  });

  it("is found however deep", () => {
    const cause = withCode("ECONNREFUSED");
    expect(isUnavailable(new AggregateError([new Error("::1"), cause]))).toBe(true);
    expect(isUnavailable(Object.assign(new Error("…"), { originalError: new Error("…", { cause }) }))).toBe(true);
    const adapterError = { name: "DriverAdapterError", cause: { originalCode: "57P01", kind: "postgres" } };
    expect(
      isUnavailable(Object.assign(new Error("…"), { code: "P2010", meta: { driverAdapterError: adapterError } })),
    ).toBe(true);
    const circle = new Error("…");
    circle.cause = circle;
    expect(isUnavailable(circle)).toBe(false);
  });

  it("is not one that says no", () => {
    const answers = [withCode("23505"), withCode("42501"), withCode("57014"), withCode("P2002"), withCode("ENOENT")];
    for (const error of [...answers, new HistoError("NOT_FOUND", "…"), undefined, "ECONNRESET"]) {
      expect(isUnavailable(error)).toBe(false);
    }
  });
});
