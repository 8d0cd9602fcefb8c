import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { clinicalRoots, parseEndpoint, readClinicalOptions } from "./clinicalTable.ts";

describe("--endpoint", () => {
  it("names key, columns, values and unit", () => {
    expect(parseEndpoint("os=survival_months:vital status:Dead,Died:months")).toEqual({
      key: "os",
      timeColumn: "survival_months",
      timeUnit: "MONTHS",
      eventColumn: "vital status",
      eventValues: ["Dead", "Died"],
    });
    expect(parseEndpoint("pfs=t:e:1")).toMatchObject({ timeUnit: "DAYS", eventValues: ["1"] });
  });

  it.each(["os", "os=time", "os=time:event", "=t:e:1", "os=t:e:1:HOURS", "os=t:e:1:DAYS:more", "os=t::1"])(
    "refuses %s",
    (text) => {
      expect(() => parseEndpoint(text)).toThrow(text);
    },
  );
});

describe("options of the clinical table", () => {
  it("become the input of an import, and the table's folder a root", () => {
    const table = readClinicalOptions({
      clinical: "tables/a.csv",
      "patient-column": "id",
      "clinical-level": "slide",
      "slide-column": "slide",
      endpoint: ["os=t:e:1", "pfs=u:f:1"],
    });
    expect(table).toMatchObject({
      level: "SLIDE",
      patientColumn: "id",
      slideColumn: "slide",
      path: resolve("tables/a.csv"),
    });
    expect(table?.endpoints?.map(({ key }) => key)).toEqual(["os", "pfs"]);
    expect(clinicalRoots(table)).toEqual([resolve("tables")]);
    expect(readClinicalOptions({})).toBeUndefined();
  });

  it.each([
    [{ "patient-column": "id" }, "--patient-column"],
    [{ clinical: "a.csv" }, "--patient-column is missing"],
    [{ clinical: "a.csv", "patient-column": "id", "clinical-level": "block" }, "--clinical-level block"],
  ])("%j is refused", (values, message) => {
    expect(() => readClinicalOptions(values)).toThrow(message);
  });
});
