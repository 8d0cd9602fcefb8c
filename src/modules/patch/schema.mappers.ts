import type { PatchGrid } from "../../store/generated/client.ts";
import type { PatchRow } from "../../store/patches.ts";

export type PatchGridMapper = PatchGrid;
export type PatchMapper = PatchRow;
