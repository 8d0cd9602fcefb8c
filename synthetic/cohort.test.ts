import { describe, expect, test } from "vitest";
import {
  clinicalCsv,
  INVASION_PATTERNS,
  SURVIVAL_MODEL,
  type SyntheticPatient,
  syntheticPatient,
  syntheticPatients,
  trueLogHazard,
} from "./cohort.ts";

const many = syntheticPatients(11, 2000);

/**
 * Log hazard of one group of patients against another by the exponential model: deaths per day of follow-up.
 * The Weibull shape above 1 stretches the ratio towards 0, never across it.
 */
const logRateRatio = (a: readonly SyntheticPatient[], b: readonly SyntheticPatient[]): number => {
  const logRate = (group: readonly SyntheticPatient[]): number =>
    Math.log(group.reduce((sum, p) => sum + p.osEvent, 0) / group.reduce((sum, p) => sum + p.osDays, 0));
  return logRate(a) - logRate(b);
};

const concordance = (patients: readonly SyntheticPatient[], risk: (patient: SyntheticPatient) => number): number => {
  const risks = patients.map(risk);
  let concordant = 0;
  let comparable = 0;
  for (const [i, earlier] of patients.entries()) {
    if (earlier.osEvent === 0) continue;
    for (const [j, later] of patients.entries()) {
      if (later.osDays <= earlier.osDays) continue;
      const difference = (risks[i] as number) - (risks[j] as number);
      comparable++;
      concordant += difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
    }
  }
  return concordant / comparable;
};

describe("synthetic patients", () => {
  test("a patient does not depend on the size of the cohort", () => {
    expect(syntheticPatients(7, 240).slice(0, 24)).toEqual(syntheticPatients(7, 24));
    expect(syntheticPatient(8, 3)).not.toEqual(syntheticPatient(7, 3));
  });

  test("patterns are balanced and their order is shuffled", () => {
    for (const pattern of INVASION_PATTERNS) expect(many.filter((p) => p.pattern === pattern)).toHaveLength(500);
    const orders = new Set(
      Array.from({ length: 60 }, (_, b) =>
        many
          .slice(4 * b, 4 * b + 4)
          .map((p) => p.pattern)
          .join(""),
      ),
    );
    expect(orders.size).toBeGreaterThan(12);
  });

  test("survival follows the pattern and age as documented", () => {
    const of = (pattern: string) => many.filter((p) => p.pattern === pattern);
    for (const pattern of ["A", "C", "D"] as const) {
      const expected = SURVIVAL_MODEL.patternLogHazard[pattern];
      const found = logRateRatio(of(pattern), of("B"));
      expect(Math.sign(found)).toBe(Math.sign(expected));
      expect(Math.abs(found - expected)).toBeLessThan(0.3);
    }
    expect(logRateRatio(of("A"), of("C"))).toBeGreaterThan(0.1);
    const old = many.filter((p) => p.ageYears >= 65);
    const young = many.filter((p) => p.ageYears <= 50);
    expect(logRateRatio(old, young)).toBeGreaterThan(0.3);
  });

  test("sex, IDH status and site carry no hazard of their own", () => {
    const halves = [
      many.filter((p) => p.sex === "male"),
      many.filter((p) => p.sex === "female"),
      many.filter((p) => p.idhStatus === "mutant"),
      many.filter((p) => p.idhStatus === "wildtype"),
    ] as const;
    expect(Math.abs(logRateRatio(halves[0], halves[1]))).toBeLessThan(0.15);
    expect(Math.abs(logRateRatio(halves[2], halves[3]))).toBeLessThan(0.15);
  });

  test("censoring and the true concordance are as documented", () => {
    const alive = many.filter((p) => p.osEvent === 0).length / many.length;
    expect(Math.abs(alive - SURVIVAL_MODEL.censoredShare)).toBeLessThan(0.04);
    expect(Math.abs(concordance(many, trueLogHazard) - SURVIVAL_MODEL.trueConcordance)).toBeLessThan(0.02);
    expect(many.every((p) => Number.isInteger(p.osDays) && p.osDays >= 1)).toBe(true);
  });
});

describe("clinical table", () => {
  test("has one SYNTHETIC row per slide, with the values of its patient", () => {
    const lines = clinicalCsv(many.slice(0, 40)).split("\n");
    expect(lines.at(-1)).toBe("");
    const columns = (lines[0] as string).split(",");
    const rows = lines
      .slice(1, -1)
      .map((line) => Object.fromEntries(line.split(",").map((cell, i) => [columns[i], cell])));
    expect(rows).toHaveLength(40);
    expect(new Set(rows.map((row) => row.slide_id)).size).toBe(40);
    for (const [i, row] of rows.entries()) {
      const patient = many[i] as SyntheticPatient;
      expect(Object.keys(row)).toHaveLength(columns.length);
      expect(row.data_origin).toBe("SYNTHETIC");
      expect(row.slide_id).toBe(`${row.patient_id}-01`);
      expect(INVASION_PATTERNS).toContain(row.invasion_pattern);
      expect(Number(row.age_years)).toBe(patient.ageYears);
      expect(Number(row.os_days)).toBe(patient.osDays);
      expect(["0", "1"]).toContain(row.os_event);
    }
  });
});
