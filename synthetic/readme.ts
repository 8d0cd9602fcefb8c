/** The README.txt of a rendered cohort. */
import { INVASION_PATTERNS, SURVIVAL_MODEL } from "./cohort.ts";
import { MICRONS_PER_PIXEL, TISSUE_CLASSES } from "./layout.ts";

/** What the folder holds, how it was made and what its survival was drawn from, for someone who opens it without us. */
export const cohortReadme = ({
  patients,
  seed,
  edgePixels,
}: {
  patients: number;
  seed: number;
  edgePixels: number;
}): string => {
  const { patternLogHazard, ageHazardRatioPerDecade, referenceAgeYears, shape, scaleDays } = SURVIVAL_MODEL;
  const { followUpDays, censoredShare, trueConcordance } = SURVIVAL_MODEL;
  const classes = Object.entries(TISSUE_CLASSES).map(([name, value]) => `  ${value}  ${name}`);
  const hazards = INVASION_PATTERNS.map((pattern) => `${pattern} ${patternLogHazard[pattern]}`).join(", ");
  return `SYNTHETIC DATA. Nothing here comes from a patient, and nothing here is a medical claim.

A glioma cohort drawn by a program (HistoQL, synthetic/): ${patients} patients, seed ${seed}. The same seed always gives the
same patients and pixels; patient 7 is the same in a cohort of 24 and of 240.

slides/<slide>.tif         ${edgePixels} x ${edgePixels} px at ${MICRONS_PER_PIXEL} um/px, tiled pyramidal TIFF: haematoxylin (blue) with CD3 immunostain (DAB, brown).
truth/<slide>.png          class of the tissue, one grey value per 8 x 8 px:
${classes.join("\n")}
truth/<slide>-immune.png   CD3+ cells per mm2 on the same grid, 16 bits; every cell spread as a Gaussian with sigma 12 um.
clinical.csv               one row per slide, written last: while it is absent, the cohort is not complete.

invasion_pattern: where CD3+ cells are. A few or none; B around vessels; C mainly outside the infiltration zone; D diffuse.
B, C and D draw their number of cells from one range. Stain, brightness, cellularity, vessels, tumour position and amount of
glass vary with patient and site, not with the pattern, so mean colour does not tell B, C and D apart.

Survival: Weibull proportional hazards, shape ${shape}, scale ${scaleDays} days. Log hazard by pattern: ${hazards};
hazard ratio ${ageHazardRatioPerDecade} per 10 years of age (0 at ${referenceAgeYears} years). Follow-up ends evenly between ${followUpDays.shortest} and ${followUpDays.longest} days, so about
${Math.round(censoredShare * 100)} % are censored. os_event: 1 = died, 0 = alive at the end of follow-up. Over many patients the concordance of the true
log hazards is ${trueConcordance}: no model can do better except by chance. sex, idh_status and site have no effect on survival.
`;
};
