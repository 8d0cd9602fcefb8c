import type { Patient, Slide } from "../../store/generated/client.ts";
import type { PatchRow } from "../../store/patches.ts";
import type { SearchIndexRow } from "../../store/search/indexes.ts";

export type SimilarPatchMapper = { patch: PatchRow; distance: number };

type Because = () => Promise<SimilarPatchMapper[]>;

export type SimilarSlideMapper = { slide: Slide; distance: number; because: Because };
export type SimilarPatientMapper = { patient: Patient; distance: number; because: Because };

export type SearchIndexMapper = SearchIndexRow;
