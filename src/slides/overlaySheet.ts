import sharp from "sharp";
import { hexColour } from "./overlayColours.ts";
import { fitText, lettering } from "./overlayLettering.ts";
import type { Rgb } from "./pixels.ts";
import type { RgbImage } from "./types.ts";

/** A patch of a contact sheet; a picture of null is one that could not be read. */
export type SheetPatch = { picture: RgbImage | null; caption: string };

const MARGIN = 14;
const GAP = 10;
const LETTER = 9;
const SMALL_LETTER = 7;
const CAPTION = 20;
const BORDER = 4;
const COLUMNS = 4;
const INK = "#222222";

/**
 * Patches side by side under a title, each framed in a colour, four to a row, with a caption. JPEG: it holds photographs.
 * @param edgePixels edge of every patch, as its picture has it
 */
export const drawContactSheet = async (
  title: string,
  subtitle: string,
  colour: Rgb,
  patches: readonly SheetPatch[],
  edgePixels: number,
): Promise<Buffer> => {
  const columns = Math.max(1, Math.min(COLUMNS, patches.length));
  const rows = Math.ceil(patches.length / columns);
  const header = 2 * MARGIN + 2 * LETTER + 8;
  const width = Math.max(2 * MARGIN + columns * edgePixels + (columns - 1) * GAP, 2 * MARGIN + 3 * edgePixels);
  const height = header + rows * (edgePixels + CAPTION + GAP) + MARGIN - GAP;
  const place = (index: number) => ({
    left: MARGIN + (index % columns) * (edgePixels + GAP),
    top: header + Math.floor(index / columns) * (edgePixels + CAPTION + GAP),
  });
  const drawing = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">`,
    `<rect x="${MARGIN}" y="${MARGIN}" width="${LETTER + 4}" height="${LETTER + 4}" fill="${hexColour(colour)}" stroke="#555555" stroke-width="0.6"/>`,
    lettering(
      fitText(title, LETTER + 2, width - 2 * MARGIN - LETTER - 14),
      MARGIN + LETTER + 12,
      MARGIN + 1,
      LETTER + 2,
      INK,
    ),
    lettering(
      fitText(subtitle, SMALL_LETTER, width - 2 * MARGIN),
      MARGIN,
      MARGIN + LETTER + 12,
      SMALL_LETTER,
      "#555555",
    ),
    ...patches.flatMap(({ caption, picture }, index) => {
      const { left, top } = place(index);
      return [
        `<rect x="${left + BORDER / 2}" y="${top + BORDER / 2}" width="${edgePixels - BORDER}" height="${edgePixels - BORDER}" fill="${picture ? "none" : "#eeeeee"}" stroke="${hexColour(colour)}" stroke-width="${BORDER}"/>`,
        picture ? "" : lettering("no picture", left + 2 * BORDER, top + edgePixels / 2, SMALL_LETTER, "#555555"),
        lettering(fitText(caption, SMALL_LETTER, edgePixels), left, top + edgePixels + 5, SMALL_LETTER, "#555555"),
      ];
    }),
    "</svg>",
  ].join("");
  const pictures = patches.flatMap(({ picture }, index) =>
    picture
      ? [
          {
            input: Buffer.from(picture.pixels),
            raw: { width: picture.widthPixels, height: picture.heightPixels, channels: 3 as const },
            ...place(index),
          },
        ]
      : [],
  );
  return sharp({ create: { width, height, channels: 3, background: "#ffffff" } })
    .composite([...pictures, { input: Buffer.from(drawing), left: 0, top: 0 }])
    .jpeg({ quality: 88 })
    .toBuffer();
};
