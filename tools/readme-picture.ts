/**
 * Draws the picture of the README out of what a served demo answers over GraphQL: a slide, the tissue found on it, a patch,
 * and the patches of other patients that look most like it.
 *
 *     npm run demo                                          (in another terminal)
 *     node tools/readme-picture.ts [http://127.0.0.1:4000]  (writes docs/images/similar-patches.jpg)
 *
 * The cohort must be the synthetic one: every picture it makes is marked SYNTHETIC.
 */
import { resolve } from "node:path";
import sharp from "sharp";

const ENDPOINT = process.argv[2] ?? "http://127.0.0.1:4000";
const OUTPUT = resolve(import.meta.dirname, "../docs/images/similar-patches.jpg");
const SLIDE_KEY = "SYN-0001-01";
/** A place on the slide in its thumbnail of 1024 pixels, where immune cells gather around vessels. */
const PLACE = { left: 448, top: 336, edge: 112 };

const WIDTH = 1240;
const MARGIN = 20;
const OVERVIEW = 440;
const TILE = 188;
const CAPTION = 44;
const OVERVIEW_TOP = 64;
const ROW_TOP = OVERVIEW_TOP + OVERVIEW + 84;
const HEIGHT = ROW_TOP + TILE + CAPTION + MARGIN;
const HITS = 5;

const ask = async <Data>(query: string, variables: Record<string, unknown>): Promise<Data> => {
  const response = await fetch(`${ENDPOINT}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
  if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));
  return data;
};

const picture = async (url: string): Promise<Buffer> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`A picture was refused with status ${response.status}.`);
  return Buffer.from(await response.arrayBuffer());
};

type SlideAnswer = {
  featureSet: { id: string; vectors: number; encoder: { name: string } };
  slide: { image: { widthPixels: number; thumbnailUrl: string }; grids: { maskUrl: string; patches: number }[] };
};

const SLIDE = `query($slide: String!) {
  featureSet(studyKey: "synthetic", key: "efficientnet-lite0") { id vectors encoder { name } }
  slide(by: { key: { studyKey: "synthetic", key: $slide } }) {
    image { widthPixels thumbnailUrl(maxPixels: 1024) }
    grids { maskUrl patches }
  }
}`;

type Hit = {
  similarity: number;
  patch: { id: string; x: number; y: number; size: number; imageUrl: string; slide: { patient: { key: string } } };
};
type SearchAnswer = { similarPatches: { hits: Hit[]; search: { scanned: number; strategy: string } } };

const SEARCH = `query($featureSet: ID!, $to: SimilarTo!, $first: Int!, $slides: SlideFilter) {
  similarPatches(input: { featureSet: $featureSet, to: $to, first: $first, filter: { slides: $slides } }) {
    hits { similarity patch { id x y size imageUrl(maxPixels: 224) slide { patient { key } } } }
    search { scanned strategy }
  }
}`;

const text = (x: number, y: number, size: number, content: string, extra = ""): string =>
  `<text x="${x}" y="${y}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="${size}" ${extra}>${content}</text>`;

/** Glass darkened, tissue as it is. */
const withMask = async (slide: Buffer, mask: Buffer): Promise<Buffer> => {
  const glass = await sharp(mask)
    .resize(OVERVIEW, OVERVIEW, { fit: "fill", kernel: "nearest" })
    .greyscale()
    .linear(-0.75, 191)
    .toColourspace("b-w")
    .raw()
    .toBuffer();
  const shade = await sharp({
    create: { width: OVERVIEW, height: OVERVIEW, channels: 3, background: { r: 20, g: 60, b: 90 } },
  })
    .joinChannel(glass, { raw: { width: OVERVIEW, height: OVERVIEW, channels: 1 } })
    .png()
    .toBuffer();
  return sharp(slide)
    .resize(OVERVIEW, OVERVIEW)
    .composite([{ input: shade }])
    .png()
    .toBuffer();
};

const { featureSet, slide } = await ask<SlideAnswer>(SLIDE, { slide: SLIDE_KEY });
const [grid] = slide.grids;
if (!grid) throw new Error("The slide has not been tiled; run the demo first.");
const thumbnail = await picture(slide.image.thumbnailUrl);
const mask = await picture(grid.maskUrl);

// The region of the thumbnail is asked for as a picture among the slide's own patches: the best hit is the patch there.
const region = await sharp(thumbnail)
  .extract({ left: PLACE.left, top: PLACE.top, width: PLACE.edge, height: PLACE.edge })
  .png()
  .toBuffer();
const thumbnailMicronsPerPixel = (slide.image.widthPixels / 1024) * 0.5;
const own = await ask<SearchAnswer>(SEARCH, {
  featureSet: featureSet.id,
  to: { image: { data: region.toString("base64"), micronsPerPixel: thumbnailMicronsPerPixel } },
  first: 1,
  slides: { keys: [SLIDE_KEY] },
});
const query = own.similarPatches.hits[0]?.patch;
if (!query) throw new Error("The slide has no patches.");
const { hits, search } = (
  await ask<SearchAnswer>(SEARCH, { featureSet: featureSet.id, to: { patch: query.id }, first: HITS })
).similarPatches;

const overviewScale = OVERVIEW / slide.image.widthPixels;
const maskLeft = MARGIN + OVERVIEW + MARGIN;
const tileLeft = (index: number): number => MARGIN + index * (TILE + 12) + (index > 0 ? 24 : 0);
const square = (left: number): string =>
  `<rect x="${left + query.x * overviewScale}" y="${OVERVIEW_TOP + query.y * overviewScale}" width="${query.size * overviewScale}" height="${query.size * overviewScale}" fill="none" stroke="#d0006f" stroke-width="4"/>`;
const notes = [
  `${featureSet.vectors} patches of 24 patients,`,
  "each a vector of the bundled encoder",
  `(${featureSet.encoder.name}).`,
  "",
  "Pink square: the patch that is asked about.",
  "Below: its nearest neighbours by cosine,",
  "its own patient left out.",
  "",
  `${search.strategy.toLowerCase()} search: ${search.scanned} vectors compared.`,
];

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" fill="#222">
${text(MARGIN, 40, 24, "SYNTHETIC cohort: drawn by HistoQL's renderer, no patient, no diagnosis", 'font-weight="bold"')}
${square(MARGIN)}${square(maskLeft)}
${text(MARGIN, OVERVIEW_TOP + OVERVIEW + 24, 17, `Slide ${SLIDE_KEY}, haematoxylin with CD3 (brown)`)}
${text(maskLeft, OVERVIEW_TOP + OVERVIEW + 24, 17, `Tissue found on it; ${grid.patches} patches`)}
${notes.map((line, index) => text(maskLeft + OVERVIEW + 16, OVERVIEW_TOP + 24 + index * 26, 13, line)).join("")}
${text(tileLeft(0), ROW_TOP - 10, 17, "Asked about", 'font-weight="bold"')}
${text(tileLeft(1), ROW_TOP - 10, 17, "Most similar patches of other SYNTHETIC patients", 'font-weight="bold"')}
${[{ similarity: null, patch: query }, ...hits]
  .map(({ similarity, patch }, index) =>
    text(
      tileLeft(index),
      ROW_TOP + TILE + 22,
      15,
      `${patch.slide.patient.key}${similarity === null ? "" : `, cosine ${similarity.toFixed(3)}`}`,
    ),
  )
  .join("")}
</svg>`;

const tile = async (url: string): Promise<Buffer> =>
  sharp(await picture(url))
    .resize(TILE, TILE)
    .toBuffer();
const tiles = await Promise.all([query, ...hits.map(({ patch }) => patch)].map(({ imageUrl }) => tile(imageUrl)));
await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: "#ffffff" } })
  .composite([
    { input: await sharp(thumbnail).resize(OVERVIEW, OVERVIEW).toBuffer(), left: MARGIN, top: OVERVIEW_TOP },
    { input: await withMask(thumbnail, mask), left: maskLeft, top: OVERVIEW_TOP },
    ...tiles.map((input, index) => ({ input, left: tileLeft(index), top: ROW_TOP })),
    { input: Buffer.from(drawing) },
  ])
  .withExif({ IFD0: { ImageDescription: "SYNTHETIC tissue, drawn by a program: no patient, no diagnosis." } })
  .jpeg({ quality: 88, mozjpeg: true })
  .toFile(OUTPUT);
console.log(`docs/images/similar-patches.jpg: ${WIDTH} × ${HEIGHT} pixels`);
