/**
 * Draws the picture of docs/phenotypes.md out of what a served demo answers over GraphQL: a slide beside its phenotype map.
 * Embeds the cohort in finer patches and builds a codebook first, which takes a minute or two.
 *
 *     npm run demo                                                (in another terminal)
 *     node tools/phenotype-map-picture.ts [http://127.0.0.1:4000] (writes docs/images/phenotype-map.png)
 *
 * The cohort must be the synthetic one: every picture it makes is marked SYNTHETIC.
 */
import { resolve } from "node:path";
import sharp from "sharp";
import { lettering } from "../src/slides/overlayLettering.ts";

const ENDPOINT = process.argv[2] ?? "http://127.0.0.1:4000";
const OUTPUT = resolve(import.meta.dirname, "../docs/images/phenotype-map.png");
const SLIDE_KEY = "SYN-0002-01";
const FEATURE_SET = "patches-48-microns";
const CLUSTERS = 6;
const EDGE = 560;
/** The map's own margin and header, as `src/slides/overlayMap.ts` draws them. */
const MAP_TOP = 54;
const HEADER = 34;
const MARGIN = 14;
const COLOURS = 64;

const ask = async <Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> => {
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

type Started = { job: { id: string } | null; errors: { message: string }[] };

const finish = async ({ job, errors }: Started): Promise<void> => {
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  // There is no job where all is done already.
  if (!job) return;
  for (;;) {
    const { job: now } = await ask<{ job: { state: string } }>("query($id: ID!) { job(id: $id) { state } }", job);
    if (now.state === "SUCCEEDED") return;
    if (now.state !== "QUEUED" && now.state !== "RUNNING") throw new Error(`The job ended as ${now.state}.`);
    await new Promise((wake) => setTimeout(wake, 500));
  }
};

const { embedSlides } = await ask<{ embedSlides: Started & { featureSet: { id: string } } }>(
  `mutation($key: String!) {
    embedSlides(input: {
      slides: { studyKey: "synthetic" }, encoderKey: "efficientnet-lite0", featureSetKey: $key, grid: { patchSize: 96, minTissue: 0.2 }
    }) { featureSet { id } job { id } errors { message } }
  }`,
  { key: FEATURE_SET },
);
await finish(embedSlides);
const { buildCodebook } = await ask<{ buildCodebook: Started }>(
  `mutation($featureSet: ID!, $clusters: Int!) {
    buildCodebook(input: { featureSet: $featureSet, scope: STUDY, clusters: $clusters }) { job { id } errors { message } }
  }`,
  { featureSet: embedSlides.featureSet.id, clusters: CLUSTERS },
);
await finish(buildCodebook);
const { featureSet } = await ask<{ featureSet: { codebooks: { id: string }[] } }>(
  'query($key: String!) { featureSet(studyKey: "synthetic", key: $key) { codebooks { id } } }',
  { key: FEATURE_SET },
);
const { slide } = await ask<{ slide: { phenotypeMapUrl: string; image: { thumbnailUrl: string } } }>(
  `query($slide: String!, $codebook: ID!, $edge: Int!) {
    slide(by: { key: { studyKey: "synthetic", key: $slide } }) {
      phenotypeMapUrl(codebook: $codebook, maxPixels: $edge)
      image { thumbnailUrl(maxPixels: $edge) }
    }
  }`,
  { slide: SLIDE_KEY, codebook: featureSet.codebooks[0]?.id, edge: EDGE },
);
const [map, thumbnail] = await Promise.all([picture(slide.phenotypeMapUrl), picture(slide.image.thumbnailUrl)]);
const size = await sharp(map).metadata();
const left = EDGE + 2 * MARGIN;
const width = left + size.width;
const height = HEADER + size.height;
const drawing = [
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">`,
  lettering("SYNTHETIC cohort: drawn by HistoQL's renderer, no patient, no diagnosis", MARGIN, MARGIN, 12),
  lettering(`Slide ${SLIDE_KEY}, haematoxylin with CD3 (brown)`, MARGIN, HEADER + MARGIN, 11),
  "</svg>",
].join("");
await sharp({ create: { width, height, channels: 3, background: "#ffffff" } })
  .composite([
    { input: thumbnail, left: MARGIN, top: HEADER + MAP_TOP },
    { input: map, left, top: HEADER },
    { input: Buffer.from(drawing), left: 0, top: 0 },
  ])
  .png({ palette: true, colours: COLOURS, effort: 10 })
  .toFile(OUTPUT);
console.log(`Wrote ${OUTPUT}`);
