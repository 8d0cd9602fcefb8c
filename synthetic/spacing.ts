/** Keeps cells apart. */

export type Spacing = {
  /** Takes the place and returns true when no earlier cell lies nearer than the sum of both radii (pixels). */
  claim: (x: number, y: number, radius: number) => boolean;
};

/** Cells are looked up by squares of 32 px, so no radius may exceed 16 px. */
export const makeSpacing = (edgePixels: number): Spacing => {
  const squares = Math.ceil(edgePixels / 32) + 2;
  const members: number[][] = Array.from({ length: squares * squares }, () => []);
  const claim = (x: number, y: number, radius: number): boolean => {
    const column = Math.floor(x / 32) + 1;
    const row = Math.floor(y / 32) + 1;
    if (column < 1 || row < 1 || column > squares - 2 || row > squares - 2) return false;
    for (let r = row - 1; r <= row + 1; r++) {
      for (let c = column - 1; c <= column + 1; c++) {
        const square = members[r * squares + c] as number[];
        for (let i = 0; i < square.length; i += 3) {
          const dx = (square[i] as number) - x;
          const dy = (square[i + 1] as number) - y;
          const apart = (square[i + 2] as number) + radius;
          if (dx * dx + dy * dy < apart * apart) return false;
        }
      }
    }
    members[row * squares + column]?.push(x, y, radius);
    return true;
  };
  return { claim };
};
