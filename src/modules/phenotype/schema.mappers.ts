import type { Codebook, CodebookBuild, Phenotype } from "../../store/generated/client.ts";
import type { Connection } from "../base/connections.ts";

/** A codebook always comes with the build that holds its parameters. */
export type CodebookMapper = Codebook & { build: CodebookBuild };

/** A phenotype always comes with its codebook. */
export type PhenotypeMapper = Phenotype & { codebook: CodebookMapper };

export type PhenotypeShareMapper = {
  phenotype: PhenotypeMapper;
  patientId: number;
  /** Null where the share is of all of the patient's slides. */
  slideId: number | null;
  patches: number;
  share: number;
};

export type SimilarPhenotypeMapper = { phenotype: PhenotypeMapper; distance: number };

export type PhenotypeShareConnectionMapper = Connection<PhenotypeShareMapper>;
