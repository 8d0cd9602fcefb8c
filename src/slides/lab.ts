/** The steps between eight-bit sRGB and CIE L*a*b*, with the constants of torchstain and scikit-image (white: D65). */

/** Linear RGB 0–1 → XYZ, row-major (IEC 61966-2-1, as ITU-R BT.709's primaries give it). */
export const XYZ_OF_RGB = [0.412453, 0.35758, 0.180423, 0.212671, 0.71516, 0.072169, 0.019334, 0.119193, 0.950227];
/** XYZ of white. */
export const WHITE_POINT = [0.95047, 1, 1.08883];

/** Below it the curve of sRGB is a line. */
export const SRGB_LINE = { below: 0.04045, slope: 1 / 12.92, offset: 0.055, gamma: 2.4 };
/** Below it the cube root of L*a*b* is a line. */
export const LAB_LINE = { below: 0.008856, slope: 7.787, offset: 16 / 116 };

/** Linear light 0–1 of an eight-bit value of sRGB. */
export const LINEAR_OF_BYTE = Float32Array.from({ length: 256 }, (_, byte) => {
  const { below, slope, offset, gamma } = SRGB_LINE;
  const value = byte / 255;
  return value > below ? ((value + offset) / (1 + offset)) ** gamma : value * slope;
});

/** L* = 116 y − 16, a* = 500 (x − y), b* = 200 (y − z) of the compressed x, y, z: rows of `[3, 3]`, and what is added. */
export const LAB_OF_COMPRESSED = { weights: [0, 116, 0, 500, -500, 0, 0, 200, -200], offsets: [-16, 0, 0] };
/** And back: y = (L* + 16) / 116, x = y + a* / 500, z = y − b* / 200. */
export const COMPRESSED_OF_LAB = {
  weights: [1 / 116, 1 / 500, 0, 1 / 116, 0, 0, 1 / 116, 0, -1 / 200],
  offsets: [16 / 116, 16 / 116, 16 / 116],
};

const compressed = (value: number): number => {
  const { below, slope, offset } = LAB_LINE;
  return value > below ? Math.cbrt(value) : slope * value + offset;
};

/** L*, a*, b* of an eight-bit sRGB colour, written to `lab` at `at`; L* is 0–100. */
export const writeLab = (red: number, green: number, blue: number, lab: Float64Array, at: number): void => {
  const r = LINEAR_OF_BYTE[red] as number;
  const g = LINEAR_OF_BYTE[green] as number;
  const b = LINEAR_OF_BYTE[blue] as number;
  const axis = (row: number) =>
    compressed(
      ((XYZ_OF_RGB[3 * row] as number) * r +
        (XYZ_OF_RGB[3 * row + 1] as number) * g +
        (XYZ_OF_RGB[3 * row + 2] as number) * b) /
        (WHITE_POINT[row] as number),
    );
  const [x, y, z] = [axis(0), axis(1), axis(2)];
  lab[at] = 116 * y - 16;
  lab[at + 1] = 500 * (x - y);
  lab[at + 2] = 200 * (y - z);
};
