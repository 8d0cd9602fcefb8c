/** Who the synthetic patients are: keys, labels, clinical variables and survival. No tissue here. */
import { type Random, randomStream } from "./random.ts";

/** Glioma immune invasion pattern on CD3: A few or none, B around vessels, C mainly outside the infiltration zone, D diffuse. */
export const INVASION_PATTERNS = ["A", "B", "C", "D"] as const;
export type InvasionPattern = (typeof INVASION_PATTERNS)[number];

/**
 * What survival is drawn from. Invented so that later analyses have a known answer; it says nothing about real glioma.
 * Weibull proportional hazards: S(t) = exp(−(t / scaleDays)^shape · exp(log hazard ratio)) (Bender et al., Stat Med 2005).
 */
export const SURVIVAL_MODEL = {
  patternLogHazard: { A: 0.6, B: 0, C: 0.3, D: -0.5 } satisfies Record<InvasionPattern, number>,
  ageHazardRatioPerDecade: 1.3,
  referenceAgeYears: 60,
  shape: 1.3,
  scaleDays: 620,
  /** Follow-up ends at the closing of the study; patients entered evenly before it. */
  followUpDays: { shortest: 150, longest: 1600 },
  /** Share of patients alive at the end of follow-up, and Harrell's concordance of the true log hazards, over many patients. */
  censoredShare: 0.3,
  trueConcordance: 0.64,
} as const;

export type SyntheticPatient = {
  /** Position in the cohort, from 0. */
  index: number;
  patientKey: string;
  slideKey: string;
  pattern: InvasionPattern;
  ageYears: number;
  sex: "female" | "male";
  /** Drawn independently of everything else: a variable that must turn out to have no effect. */
  idhStatus: "mutant" | "wildtype";
  /** Days from diagnosis to death or to the end of follow-up, at least 1. */
  osDays: number;
  /** 1 = died, 0 = still alive when follow-up ended. */
  osEvent: 0 | 1;
  /** Which imaginary laboratory stained and scanned; shifts the stain, unrelated to pattern and survival. */
  site: string;
};

const SITES = ["SITE-1", "SITE-2", "SITE-3"] as const;

/** The natural logarithm of a patient's true hazard relative to pattern B at the reference age. */
export const trueLogHazard = (patient: Pick<SyntheticPatient, "pattern" | "ageYears">): number =>
  SURVIVAL_MODEL.patternLogHazard[patient.pattern] +
  (Math.log(SURVIVAL_MODEL.ageHazardRatioPerDecade) * (patient.ageYears - SURVIVAL_MODEL.referenceAgeYears)) / 10;

/** Every run of four patients holds each pattern once, in a random order: balanced, yet independent of the cohort's size. */
const patternOf = (seed: number, index: number): InvasionPattern => {
  const block = Math.floor(index / INVASION_PATTERNS.length);
  const order = randomStream(seed, "pattern", block).shuffled(INVASION_PATTERNS);
  return order[index % INVASION_PATTERNS.length] as InvasionPattern;
};

const drawAgeYears = (random: Random): number => {
  for (;;) {
    const age = Math.round(random.normal(58, 13));
    if (age >= 20 && age <= 88) return age;
  }
};

const drawSurvival = (random: Random, logHazard: number): Pick<SyntheticPatient, "osDays" | "osEvent"> => {
  const { shape, scaleDays, followUpDays } = SURVIVAL_MODEL;
  const deathDays = scaleDays * (-Math.log(1 - random.uniform()) / Math.exp(logHazard)) ** (1 / shape);
  const followedDays = random.uniform(followUpDays.shortest, followUpDays.longest);
  const died = deathDays <= followedDays;
  return { osDays: Math.max(1, Math.round(died ? deathDays : followedDays)), osEvent: died ? 1 : 0 };
};

/** The patient at `index` (from 0) of the cohort with this seed; the same whatever the cohort's size. */
export const syntheticPatient = (seed: number, index: number): SyntheticPatient => {
  const random = randomStream(seed, "patient", index);
  const patientKey = `SYN-${String(index + 1).padStart(4, "0")}`;
  const pattern = patternOf(seed, index);
  const ageYears = drawAgeYears(random);
  const sex = random.uniform() < 0.42 ? "female" : "male";
  const idhStatus = random.uniform() < 0.3 ? "mutant" : "wildtype";
  const site = SITES[random.below(SITES.length)] as string;
  const survival = drawSurvival(random, trueLogHazard({ pattern, ageYears }));
  return { index, patientKey, slideKey: `${patientKey}-01`, pattern, ageYears, sex, idhStatus, site, ...survival };
};

export const syntheticPatients = (seed: number, count: number): SyntheticPatient[] =>
  Array.from({ length: count }, (_, index) => syntheticPatient(seed, index));

const CLINICAL_COLUMNS = {
  data_origin: () => "SYNTHETIC",
  patient_id: (patient) => patient.patientKey,
  slide_id: (patient) => patient.slideKey,
  invasion_pattern: (patient) => patient.pattern,
  age_years: (patient) => patient.ageYears,
  sex: (patient) => patient.sex,
  idh_status: (patient) => patient.idhStatus,
  site: (patient) => patient.site,
  stain: () => "CD3_IHC",
  os_days: (patient) => patient.osDays,
  os_event: (patient) => patient.osEvent,
} satisfies Record<string, (patient: SyntheticPatient) => string | number>;

/** The clinical table as CSV (RFC 4180 without quotes: no value needs them), one row per slide, ending in a newline. */
export const clinicalCsv = (patients: readonly SyntheticPatient[]): string => {
  const cells = Object.values<(patient: SyntheticPatient) => string | number>(CLINICAL_COLUMNS);
  const rows = patients.map((patient) => cells.map((cell) => cell(patient)).join(","));
  return `${[Object.keys(CLINICAL_COLUMNS).join(","), ...rows].join("\n")}\n`;
};
