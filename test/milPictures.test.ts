import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportHead, headWithDefaults, initialParameters } from "../src/learning/mil/index.ts";
import { attentionColours } from "../src/modules/mil/heatmap.ts";
import type { Viewer } from "../src/platform/authorisation.ts";
import { startServer } from "../src/server/start.ts";
import { writingNothing } from "./support/counts.ts";
import { createWorld, seedStudy, type World } from "./support/world.ts";

/** Heads that come from outside and go there, and their attention as pictures, over HTTP. */

type UserError = { code: string; message: string; path: string[] | null; fix: string | null };
type Score = {
  id: string;
  isOutOfFold: boolean;
  risk: number;
  lineage: { trust: string };
  patient: { key: string; slides: { nodes: { id: string; key: string }[] } };
};

const STRANGER: Viewer = { name: "stranger", grants: [{ studyKey: "elsewhere", role: "OWNER" }] };
const READER: Viewer = { name: "reader", grants: [{ studyKey: "glioma", role: "READER" }] };

let world: World;
let server: Awaited<ReturnType<typeof startServer>>;
let featureSet: string;
let dims: number;
let score: Score;
let slide: { id: string; key: string };

const head = () =>
  headWithDefaults({ architecture: "GATED_ABMIL", task: { kind: "SURVIVAL", likelihood: "COX" }, dims, hidden: 8 });

const IMPORT =
  "mutation($input: ImportMilModelInput!) { importMilModel(input: $input) { model { id architecture onnxUrl card lineage { trust } } errors { code message path fix } } }";
type Imported = {
  model: { id: string; architecture: string; onnxUrl: string; card: { outputs: { name: string }[] } } | null;
  errors: UserError[];
};

const importHead = async (input: Record<string, unknown>): Promise<Imported> =>
  (
    await world.ask<{ importMilModel: Imported }>(IMPORT, {
      input: {
        key: "theirs",
        featureSet,
        task: { survival: { endpoint: "os" } },
        path: "head.onnx",
        featuresInput: "features",
        output: "risk",
        attentionOutput: "attention",
        ...input,
      },
    })
  ).importMilModel;

const fetched = async (url: string) => {
  const response = await fetch(url.replace("http://histoql.test", server.url));
  return {
    status: response.status,
    bytes: Buffer.from(await response.arrayBuffer()),
    type: response.headers.get("content-type"),
  };
};

beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  server = await startServer(world.app);
  ({ featureSet } = await seedStudy(world, 2));
  const study = "(SELECT id FROM study WHERE key = 'glioma')";
  await world.app.database.query(`INSERT INTO survival_endpoint (study_id, key) VALUES (${study}, 'os')`);
  await world.app.database.query(
    `INSERT INTO attribute (study_id, key, type, level, categories) VALUES (${study}, 'pattern', 'CATEGORY', 'PATIENT', '{A,B}')`,
  );
  dims = (await world.app.prisma.featureSet.findFirstOrThrow()).dims;
  await writeFile(join(world.folder, "head.onnx"), exportHead(head(), initialParameters(head(), 3)).onnx);
});
afterAll(async () => {
  await server.close();
  await world.close();
});

describe("a head from outside", () => {
  it("is refused, with nothing written, where it does not go with the vectors or the task", async () => {
    const refused = async (input: Record<string, unknown>): Promise<UserError> => {
      const { model, errors } = await writingNothing(world.app.database, () => importHead(input));
      expect(model).toBeNull();
      expect(errors[0]?.fix).toBeTruthy();
      return errors[0] as UserError;
    };
    expect(await refused({ featuresInput: "bag" })).toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      path: ["featuresInput"],
    });
    expect(await refused({ output: "class" })).toMatchObject({ code: "MODEL_INCOMPATIBLE", path: ["output"] });
    expect(await refused({ attentionOutput: "risk" })).toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      path: ["attentionOutput"],
    });
    const classes = { task: { classification: { attribute: "pattern" } } };
    expect(await refused({ ...classes, classes: ["A", "B"] })).toMatchObject({ code: "MODEL_INCOMPATIBLE" });
    expect(await refused(classes)).toMatchObject({ code: "BAD_ARGUMENT", path: ["classes"] });
    expect(await refused({ path: null })).toMatchObject({ code: "BAD_ARGUMENT" });
    const small = headWithDefaults({ architecture: "ABMIL", task: { kind: "REGRESSION" }, dims: 5, hidden: 2 });
    await writeFile(join(world.folder, "small.onnx"), exportHead(small, initialParameters(small, 1)).onnx);
    expect(await refused({ path: "small.onnx", output: "value" })).toMatchObject({ code: "DIMENSION_MISMATCH" });
    await writeFile(join(world.folder, "text.onnx"), "this is no head");
    expect(await refused({ path: "text.onnx" })).toMatchObject({ code: "MODEL_INCOMPATIBLE" });
    expect(await refused({ path: "absent.onnx" })).toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("scores whole bags, on the importer's word", async () => {
    const { model, errors } = await importHead({});
    expect(errors).toEqual([]);
    expect(model).toMatchObject({ architecture: "IMPORTED", lineage: { trust: "DECLARED" } });
    const { scoreMilModel } = await world.ask<{ scoreMilModel: { job: { id: string } } }>(
      "mutation($model: ID!) { scoreMilModel(input: {model: $model}) { job { id } errors { code } } }",
      { model: model?.id },
    );
    expect(await world.jobEnd(scoreMilModel.job.id)).toBe("SUCCEEDED");
    const { node } = await world.ask<{ node: { scores: { nodes: Score[] } } }>(
      "query($id: ID!) { node(id: $id) { ... on MilModel { scores { nodes { id isOutOfFold risk lineage { trust } patient { key slides { nodes { id key } } } } } } } }",
      { id: model?.id },
    );
    expect(node.scores.nodes).toHaveLength(2);
    score = node.scores.nodes[0] as Score;
    slide = score.patient.slides.nodes[0] as { id: string; key: string };
    expect(score).toMatchObject({ isOutOfFold: true, lineage: { trust: "DECLARED" } });
    expect(Number.isFinite(score.risk)).toBe(true);
    const again = await importHead({});
    expect(again.errors[0]).toMatchObject({ code: "CONFLICT", path: ["key"] });
  });

  it("goes out again as the file that came, under a signed address", async () => {
    const { milModel } = await world.ask<{ milModel: { onnxUrl: string } }>(
      '{ milModel(studyKey: "glioma", key: "theirs") { onnxUrl } }',
    );
    const { status, bytes } = await fetched(milModel.onnxUrl);
    expect(status).toBe(200);
    expect(bytes.equals(Buffer.from(exportHead(head(), initialParameters(head(), 3)).onnx))).toBe(true);
    expect((await fetched(milModel.onnxUrl.replace(/signature=./, "signature=_"))).status).toBe(403);
  });

  const python = process.env.HISTOQL_PYTHON ?? "";
  const hasPython = existsSync(python);
  if (!hasPython) console.log("The exported head is not run in Python: HISTOQL_PYTHON names none with onnxruntime.");
  it.skipIf(!hasPython)("runs in plain Python with the same result", async () => {
    const file = join(world.folder, "out.onnx");
    const { milModel } = await world.ask<{ milModel: { onnxUrl: string } }>(
      '{ milModel(studyKey: "glioma", key: "theirs") { onnxUrl } }',
    );
    await writeFile(file, (await fetched(milModel.onnxUrl)).bytes);
    const grid = await world.app.prisma.slideFeatures.findFirstOrThrow({ where: { slide: { key: slide.key } } });
    const { rows } = await world.app.database.query<{ v: string }>(
      `SELECT v::text FROM features.vectors_${grid.featureSetId} WHERE slide_id = $1 ORDER BY patch_id`,
      [grid.slideId],
    );
    await writeFile(join(world.folder, "bag.json"), `[${rows.map(({ v }) => v).join(",")}]`);
    const out = execFileSync(python, [
      "-c",
      `import json, numpy, onnxruntime as o
bag = numpy.array(json.load(open(${JSON.stringify(join(world.folder, "bag.json"))})), dtype="float32")
print(float(o.InferenceSession(${JSON.stringify(file)}).run(["risk"], {"features": bag})[0].reshape(-1)[0]))`,
    ]);
    expect(Number(out.toString())).toBeCloseTo(score.risk, 4);
  });
});

describe("attention as a picture", () => {
  const urls = async (viewer?: Viewer) =>
    world.query<{ node: { heatmapUrl: string; heatmapTilesUrl: string } | null }>(
      "query($id: ID!, $slide: ID!) { node(id: $id) { ... on MilScore { heatmapUrl(slide: $slide) heatmapTilesUrl(slide: $slide) } } }",
      { id: score.id, slide: slide.id },
      viewer,
    );

  it("is the slide with a legend, and nobody's who may not read the study", async () => {
    const { data } = await urls();
    const { status, bytes, type } = await fetched(data?.node?.heatmapUrl ?? "");
    expect(status).toBe(200);
    expect(type).toBe("image/png");
    const { width, height } = await sharp(bytes).metadata();
    expect(width).toBeGreaterThan(1024);
    expect(height).toBeGreaterThan(1024);
    expect((await urls(STRANGER)).data?.node).toBeNull();
    expect((await urls(READER)).data?.node?.heatmapUrl).toBeTruthy();
    if (process.env.HISTOQL_SHOW) await writeFile(process.env.HISTOQL_SHOW, bytes);
  });

  it("colours every patch by the percentile of its weight", async () => {
    const { data } = await urls();
    const descriptor = await fetched(data?.node?.heatmapTilesUrl ?? "");
    expect(descriptor.bytes.toString()).toContain('Format="png"');
    const { node } = await world.ask<{
      node: { topPatches: { attention: number; patch: { x: number; y: number; size: number } }[] };
    }>(
      "query($id: ID!) { node(id: $id) { ... on MilScore { topPatches(first: 200) { attention patch { x y size } } } } }",
      { id: score.id },
    );
    const patches = node.topPatches;
    expect(new Set(patches.map(({ attention }) => attention)).size).toBe(patches.length);
    // The finest level of a slide of 1024 pixels.
    const tile = async (column: number, row: number) => {
      const { status, bytes } = await fetched(
        (data?.node?.heatmapTilesUrl ?? "").replace(".dzi", `_files/10/${column}_${row}.png`),
      );
      expect(status).toBe(200);
      return sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    };
    for (const [rank, { patch }] of patches.entries()) {
      const [x, y] = [Math.floor(patch.x + patch.size / 2), Math.floor(patch.y + patch.size / 2)];
      const { data: pixels, info } = await tile(Math.floor(x / 256), Math.floor(y / 256));
      const at = ((y % 256) * info.width + (x % 256)) * info.channels;
      const place = patches.length - 1 - rank;
      const percentile = Math.min(99, Math.floor((100 * (2 * place + 1)) / (2 * patches.length)));
      const { red, green, blue } = attentionColours()[percentile] ?? { red: -1, green: -1, blue: -1 };
      expect([...pixels.subarray(at, at + 4)]).toEqual([red, green, blue, 255]);
    }
    const outside = await fetched((data?.node?.heatmapTilesUrl ?? "").replace(".dzi", "_files/10/99_99.png"));
    expect(outside.status).toBe(404);
  });

  it("is refused for a slide that is not in the bag", async () => {
    const { slides } = await world.ask<{ slides: { nodes: { id: string; key: string }[] } }>(
      '{ slides(filter: {studyKey: "glioma"}) { nodes { id key } } }',
    );
    const other = slides.nodes.find(({ key }) => key !== slide.key);
    const { errors } = await world.query(
      "query($id: ID!, $slide: ID!) { node(id: $id) { ... on MilScore { heatmapUrl(slide: $slide) } } }",
      {
        id: score.id,
        slide: other?.id,
      },
    );
    expect(errors?.[0]).toMatchObject({ code: "BAD_ARGUMENT", fix: expect.any(String) });
  });
});
