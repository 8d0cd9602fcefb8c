import type { PatchGrid } from "../../store/generated/client.ts";

/** A grid whose patches lie in rows and columns; those of imported features lie wherever their file says. */
export type SteppedGrid = PatchGrid & { stepX: number; stepY: number };

export const isStepped = (grid: PatchGrid): grid is SteppedGrid => grid.stepX !== null && grid.stepY !== null;
