import type { PatchRow } from "../../store/patches.ts";

export type SimilarPatchMapper = { patch: PatchRow; distance: number };
