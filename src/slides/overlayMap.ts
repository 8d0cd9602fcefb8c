import sharp from "sharp";
import { type CellClasses, paintClasses } from "./overlay.ts";
import { hexColour } from "./overlayColours.ts";
import { fitText, lettering, textWidth } from "./overlayLettering.ts";
import type { Rgb } from "./pixels.ts";
import type { MicronsPerPixel, RgbImage } from "./types.ts";

/** One line of a legend. */
export type LegendEntry = { colour: Rgb; name: string; share: number };

export type OverlayMap = {
  /** The slide, reduced. */
  underlay: RgbImage;
  /** Level-0 size of the slide. */
  slide: { widthPixels: number; heightPixels: number };
  /** µm per level-0 pixel. */
  micronsPerPixel: MicronsPerPixel;
  classes: CellClasses;
  /** Of each class. */
  colours: readonly Rgb[];
  title: string;
  subtitle: string;
  legend: readonly LegendEntry[];
};

const MARGIN = 14;
const LETTER = 9;
const SMALL_LETTER = 7.5;
const ROW = 20;
const SWATCH = 13;
const PANEL = 250;
const FOOTER = 34;
const LEAST_ROWS = 8;
/** A longer legend helps nobody. */
const MOST_ENTRIES = 60;
const STRENGTH = 0.62;
const INK = "#222222";

/** The greatest of 1, 2, 5 × 10ⁿ that is no longer than `most`. */
export const roundLength = (most: number): number => {
  const power = 10 ** Math.floor(Math.log10(most));
  return ([5, 2, 1].find((digit) => digit * power <= most * (1 + 1e-9)) ?? 1) * power;
};

const trimmed = (value: number): string => String(Number(value.toPrecision(3)));
const lengthText = (microns: number): string =>
  microns >= 1000 ? `${trimmed(microns / 1000)} mm` : `${trimmed(microns)} µm`;

/** A bar of a round length, at most a third of the picture wide. */
const scaleBar = (x: number, y: number, widthPixels: number, micronsPerPixel: number): string => {
  const microns = roundLength((widthPixels * micronsPerPixel) / 3);
  const length = microns / micronsPerPixel;
  const bar = `<path d="M${x} ${y - 5}v10M${x} ${y}h${length}M${x + length} ${y - 5}v10" stroke="${INK}" stroke-width="2" fill="none"/>`;
  return bar + lettering(lengthText(microns), x + length + 8, y - LETTER / 2, LETTER, INK);
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const entryDrawing = ({ colour, name, share }: LegendEntry, x: number, y: number): string => {
  const value = percent(share);
  const right = x + PANEL - 2 * MARGIN;
  const valueLeft = right - textWidth(value, SMALL_LETTER);
  const left = x + SWATCH + 8;
  const label = fitText(name, LETTER, valueLeft - left - 10);
  return [
    `<rect x="${x}" y="${y}" width="${SWATCH}" height="${SWATCH}" fill="${hexColour(colour)}" stroke="#555555" stroke-width="0.6"/>`,
    lettering(label, left, y + 2, LETTER, INK),
    lettering(value, valueLeft, y + 3, SMALL_LETTER, "#555555"),
  ].join("");
};

/** Columns of entries beside a picture of this height, and what they need. */
const legendLayout = (entries: number, heightPixels: number) => {
  const rows = Math.max(LEAST_ROWS, Math.floor((heightPixels - 2 * MARGIN) / ROW));
  const columns = Math.max(1, Math.ceil(entries / rows));
  return { rows, columns, heightPixels: Math.min(entries, rows) * ROW + 2 * MARGIN };
};

/** Pixels painted between two turns of the event loop. */
const PIXELS_PER_TURN = 512 * 1024;

/** The classes of the whole slide in the size of the picture beneath, painted in strips, so that nobody waits for all. */
const paintInTurns = async ({ underlay, slide, classes, colours }: OverlayMap, alpha: number): Promise<Buffer> => {
  const { widthPixels, heightPixels } = underlay;
  const scale = slide.heightPixels / heightPixels;
  const rowsPerTurn = Math.max(1, Math.floor(PIXELS_PER_TURN / widthPixels));
  const strips: Uint8Array[] = [];
  for (let top = 0; top < heightPixels; top += rowsPerTurn) {
    if (top > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    const rows = Math.min(rowsPerTurn, heightPixels - top);
    const area = { x: 0, y: top * scale, widthPixels: slide.widthPixels, heightPixels: rows * scale };
    strips.push(paintClasses(classes, area, widthPixels, rows, colours, alpha));
  }
  return Buffer.concat(strips);
};

/**
 * The picture of a slide with its patches coloured by class, in grey underneath; a title, a legend with each class's share
 * and a scale bar around it. PNG.
 */
export const drawOverlayMap = async (map: OverlayMap): Promise<Buffer> => {
  const { underlay, slide, micronsPerPixel, title, subtitle } = map;
  const { widthPixels, heightPixels } = underlay;
  const hidden = Math.max(0, map.legend.length - MOST_ENTRIES);
  const legend = map.legend.slice(0, MOST_ENTRIES);
  const layout = legendLayout(legend.length + (hidden > 0 ? 1 : 0), heightPixels);
  const header = 2 * MARGIN + 2 * LETTER + 8;
  const pictureWidth = widthPixels + 2 * MARGIN;
  const width = pictureWidth + layout.columns * PANEL;
  const height = header + Math.max(heightPixels + FOOTER, layout.heightPixels);

  const paint = await paintInTurns(map, Math.round(255 * STRENGTH));
  const place = (index: number) => ({
    x: pictureWidth + Math.floor(index / layout.rows) * PANEL,
    y: header + (index % layout.rows) * ROW,
  });
  const more = place(legend.length);
  const drawing = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">`,
    lettering(fitText(title, LETTER + 2, width - 2 * MARGIN), MARGIN, MARGIN, LETTER + 2, INK),
    lettering(
      fitText(subtitle, SMALL_LETTER, width - 2 * MARGIN),
      MARGIN,
      MARGIN + LETTER + 10,
      SMALL_LETTER,
      "#555555",
    ),
    `<rect x="${MARGIN - 0.5}" y="${header - 0.5}" width="${widthPixels + 1}" height="${heightPixels + 1}" fill="none" stroke="#999999"/>`,
    scaleBar(
      MARGIN,
      header + heightPixels + FOOTER / 2,
      widthPixels,
      (micronsPerPixel.x * slide.widthPixels) / widthPixels,
    ),
    ...legend.map((entry, index) => {
      const { x, y } = place(index);
      return entryDrawing(entry, x, y);
    }),
    hidden > 0 ? lettering(`and ${hidden} more`, more.x, more.y + 2, LETTER, INK) : "",
    "</svg>",
  ].join("");

  const raw = { width: widthPixels, height: heightPixels };
  const grey = await sharp(underlay.pixels, { raw: { ...raw, channels: 3 } })
    .greyscale()
    .linear(0.8, 48)
    .toColourspace("srgb")
    .png({ compressionLevel: 0 })
    .toBuffer();
  return sharp({ create: { width, height, channels: 3, background: "#ffffff" } })
    .composite([
      { input: grey, left: MARGIN, top: header },
      { input: paint, raw: { ...raw, channels: 4 }, left: MARGIN, top: header },
      { input: Buffer.from(drawing), left: 0, top: 0 },
    ])
    .png()
    .toBuffer();
};
