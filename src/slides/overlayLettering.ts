/**
 * Letters drawn as lines. A server has whatever fonts it has, often none: with letters of our own a legend looks the same
 * everywhere.
 *
 * A glyph is a list of polylines, `|` between them, each a list of points `xy` on a grid whose capitals reach from y = 0 to
 * y = 6, small letters from 2 to 6, descenders to 8. A single point is a dot.
 */
const GLYPHS: Readonly<Record<string, string>> = {
  A: "06 20 46|14 34",
  B: "06 00 30 41 42 33 03|33 44 45 36 06",
  C: "41 30 10 01 05 16 36 45",
  D: "00 30 41 45 36 06 00",
  E: "40 00 06 46|03 33",
  F: "40 00 06|03 33",
  G: "41 30 10 01 05 16 36 45 43 23",
  H: "00 06|40 46|03 43",
  I: "00 06",
  J: "30 35 26 16 05",
  K: "00 06|40 03 46",
  L: "00 06 46",
  M: "06 00 23 40 46",
  N: "06 00 46 40",
  O: "10 30 41 45 36 16 05 01 10",
  P: "06 00 30 41 42 33 03",
  Q: "10 30 41 45 36 16 05 01 10|24 46",
  R: "06 00 30 41 42 33 03|23 46",
  S: "41 30 10 01 02 13 33 44 45 36 16 05",
  T: "00 40|20 26",
  U: "00 05 16 36 45 40",
  V: "00 26 40",
  W: "00 16 22 36 40",
  X: "00 46|40 06",
  Y: "00 23 40|23 26",
  Z: "00 40 06 46",
  a: "12 22 33 36|34 14 05 16 26 35",
  b: "00 06|03 12 22 33 35 26 16 05",
  c: "33 22 12 03 05 16 26 35",
  d: "30 36|33 22 12 03 05 16 26 35",
  e: "04 34 33 22 12 03 05 16 26 35",
  f: "20 11 16|02 22",
  g: "32 37 28 18 07|33 22 12 03 05 16 26 35",
  h: "00 06|03 12 22 33 36",
  i: "02 06|00",
  j: "12 17 08|10",
  k: "00 06|32 04 36",
  l: "00 05 16",
  m: "02 06|03 12 23 26|23 32 43 46",
  n: "02 06|03 12 22 33 36",
  o: "12 22 33 35 26 16 05 03 12",
  p: "02 08|03 12 22 33 35 26 16 05",
  q: "32 38|33 22 12 03 05 16 26 35",
  r: "02 06|03 12 22",
  s: "33 22 12 03 14 24 35 26 16 05",
  t: "10 15 26|02 22",
  u: "02 05 16 26 35|32 36",
  v: "02 26 42",
  w: "02 16 23 36 42",
  x: "02 36|32 06",
  y: "02 26|42 26 18",
  z: "02 32 06 36",
  0: "10 20 31 35 26 16 05 01 10",
  1: "01 10 16|06 26",
  2: "01 10 20 31 32 06 36",
  3: "00 30 13 23 34 35 26 16 05",
  4: "26 20 04 34",
  5: "30 00 03 23 34 35 26 06",
  6: "30 10 01 05 16 26 35 34 23 03",
  7: "00 30 16",
  8: "10 20 31 32 23 13 02 01 10|13 04 05 16 26 35 34 23",
  9: "33 13 02 01 10 20 31 35 26 06",
  " ": "",
  ".": "06",
  ",": "16 07",
  ":": "03|06",
  ";": "13|16 07",
  "!": "00 04|06",
  "?": "01 10 20 31 32 23 14|16",
  "-": "04 24",
  "–": "04 34",
  _: "07 47",
  "+": "04 44|22 26",
  "=": "03 33|05 35",
  "/": "30 06",
  "\\": "00 36",
  "(": "10 01 05 16",
  ")": "00 11 15 06",
  "[": "10 00 06 16",
  "]": "00 10 16 06",
  "{": "20 11 12 03 14 15 26",
  "}": "00 11 12 23 14 15 06",
  "<": "32 04 36",
  ">": "02 34 06",
  "≤": "31 03 35|06 36",
  "≥": "01 33 05|06 36",
  "|": "00 07",
  "'": "00 01",
  '"': "00 01|20 21",
  "`": "00 11",
  "^": "01 10 21",
  "~": "04 13 24 33",
  "*": "21 25|02 44|42 04",
  "#": "10 16|30 36|02 42|04 44",
  "%": "40 06|01 11 12 02 01|34 44 45 35 34",
  "&": "46 01 10 20 21 04 05 16 26 44",
  "@": "33 23 14 24 33 34 44 41 30 10 01 05 16 36",
  $: "41 30 10 01 02 13 33 44 45 36 16 05|20 26",
  µ: "02 08|05 16 26 35|32 36",
  ß: "06 01 10 20 31 22 33 35 26",
  "×": "03 36|33 06",
  "·": "04",
  "°": "10 20 21 11 10",
};

/** For a letter that is not drawn here. */
const BOX = "00 30 36 06 00";

const CAPITAL = 6;
const BETWEEN = 1.7;
const BLANK = 1;
const ELLIPSIS = "...";

/** One glyph a letter: accents are left off (NFKD), and the micro sign has two code points. */
const glyphsOf = (text: string): string[] =>
  Array.from(
    text
      .normalize("NFC")
      .replaceAll("μ", "µ")
      .split("µ")
      .map((part) => part.normalize("NFKD").replace(/\p{Mark}/gu, ""))
      .join("µ")
      .replace(/\s+/g, " "),
    (letter) => GLYPHS[letter] ?? BOX,
  );

type Point = { x: number; y: number };
const linesOf = (glyph: string): Point[][] =>
  glyph === ""
    ? []
    : glyph.split("|").map((line) => line.split(" ").map((point) => ({ x: Number(point[0]), y: Number(point[1]) })));

const widthOf = (glyph: string): number =>
  glyph === "" ? BLANK : linesOf(glyph).reduce((most, line) => Math.max(most, ...line.map(({ x }) => x)), 0);

/** Width in pixels of a text whose capitals are `height` pixels high. */
export const textWidth = (text: string, height: number): number => {
  const glyphs = glyphsOf(text);
  const units = glyphs.reduce((sum, glyph) => sum + widthOf(glyph) + BETWEEN, 0);
  return (Math.max(0, units - BETWEEN) * height) / CAPITAL;
};

/** The text, or its beginning with an ellipsis, at most `maxWidth` pixels wide. */
export const fitText = (text: string, height: number, maxWidth: number): string => {
  if (textWidth(text, height) <= maxWidth) return text;
  const letters = Array.from(text);
  let length = letters.length;
  const shortened = () => `${letters.slice(0, length).join("").trimEnd()}${ELLIPSIS}`;
  while (length > 0 && textWidth(shortened(), height) > maxWidth) length -= 1;
  return shortened();
};

const rounded = (value: number): string => String(Math.round(value * 100) / 100);

/**
 * An SVG `<path>` of a text.
 * @param x left, in pixels
 * @param y top of the capitals
 * @param height of the capitals, in pixels
 */
export const lettering = (text: string, x: number, y: number, height: number, colour = "#222222"): string => {
  const unit = height / CAPITAL;
  let left = x;
  const parts: string[] = [];
  for (const glyph of glyphsOf(text)) {
    for (const line of linesOf(glyph)) {
      const points = line.map((point) => `${rounded(left + point.x * unit)} ${rounded(y + point.y * unit)}`);
      parts.push(`M${points.join("L")}${points.length === 1 ? "h0.01" : ""}`);
    }
    left += (widthOf(glyph) + BETWEEN) * unit;
  }
  return `<path d="${parts.join("")}" fill="none" stroke="${colour}" stroke-width="${rounded(unit * 0.85)}" stroke-linecap="round" stroke-linejoin="round"/>`;
};
