import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Field, FixedSizeList, Float32, Table, tableToIPC, vectorFromArray } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { receiveUpload } from "../src/modules/upload/upload.service.ts";
import { seededUniform } from "../src/platform/random.ts";
import { placesInRows, writeClam, writeHdf5, writeTrident } from "./support/featureFiles.ts";
import { createWorld, renderSlides, type World } from "./support/world.ts";

const DIMS = 16;

const numbers = (rows: number, seed: number, dims = DIMS): Float32Array => {
  const random = seededUniform(seed);
  return Float32Array.from({ length: rows * dims }, () => random() * 4 - 2);
};

const IMPORT = `mutation($input: ImportFeaturesInput!) {
  importFeatures(input: $input) { job { id progress { unit total } } errors { code message fix path } }
}`;

const JOB = `query($id: ID!) { job(id: $id) {
  state progress { done total unit } failures { nodes { code message fix } } result { id } children { totalCount }
} }`;

type Failure = { code: string; message: string; fix: string };
type JobAnswer = {
  state: string;
  progress: { done: number; total: number; unit: string };
  failures: { nodes: Failure[] };
  result: { id: string } | null;
};

let world: World;
let folder: string;

type Input = Record<string, unknown>;
const ask = (input: Input) =>
  world.ask<{ importFeatures: { job: { id: string } | null; errors: Failure[] } }>(IMPORT, {
    input: { studyKey: "atlas", encoderKey: "uni", layout: "TRIDENT_H5", ...input },
  });

const importNow = async (input: Input): Promise<JobAnswer> => {
  const { importFeatures } = await ask(input);
  expect(importFeatures.errors).toEqual([]);
  const id = importFeatures.job?.id as string;
  await world.jobEnd(id);
  return (await world.ask<{ job: JobAnswer }>(JOB, { id })).job;
};

const count = async (table: string): Promise<number> => {
  const { rows } = await world.app.database.query<{ number: number }>(`SELECT count(*) AS number FROM ${table}`);
  return rows[0]?.number ?? 0;
};

/** What a refused file must not have left. */
const everything = async () => ({
  slides: await count("slide"),
  patients: await count("patient"),
  grids: await count("patch_grid"),
  patches: await count("features.patch"),
  sets: await count("feature_set"),
  places: await count("slide_features"),
  encoders: await count("encoder"),
});

beforeAll(async () => {
  world = await createWorld();
  folder = join(world.folder, "features");
  await mkdir(folder);
  await world.ask('mutation { createStudy(input: {key: "atlas", name: "Atlas"}) { study { id } } }');
  for (const [index, name] of ["P1-a", "P1-b", "P2-a"].entries()) {
    await writeTrident(join(folder, `${name}.h5`), name, numbers(23 + index, index + 1), DIMS);
  }
});
afterAll(() => world.close());

describe("TRIDENT files", () => {
  it("go in, one part a file, with what they declare", async () => {
    const { importFeatures } = await ask({
      featureSetKey: "uni",
      paths: [folder],
      patientPattern: "^(?<patient>P[0-9])",
    });
    expect(importFeatures.errors).toEqual([]);
    const id = importFeatures.job?.id as string;
    expect(await world.jobEnd(id)).toBe("SUCCEEDED");
    const { job } = await world.ask<{ job: JobAnswer }>(JOB, { id });
    expect(job.failures.nodes).toEqual([]);
    expect(job.progress).toMatchObject({ done: 3, total: 3, unit: "files" });
    const { featureSet } = await world.ask<{ featureSet: Record<string, unknown> }>(
      `{ featureSet(studyKey: "atlas", key: "uni") {
        id level dims vectors patchSize micronsPerPixel overlap encoder { key digest model { bytes } }
        lineage { trust isStale staleReason }
        slides { nodes { key patient { key } image { checksum } grids { patches tissueShare lineage { trust isStale parameters } } } }
      } }`,
    );
    expect(featureSet.id).toBe(job.result?.id);
    expect(featureSet).toMatchObject({
      level: "PATCH",
      dims: DIMS,
      vectors: 23 + 24 + 25,
      patchSize: 256,
      micronsPerPixel: 0.5,
      overlap: 0,
      encoder: { key: "uni", digest: null, model: null },
      lineage: { trust: "DECLARED", isStale: false, staleReason: null },
    });
    const [first, , last] = (featureSet.slides as { nodes: Record<string, unknown>[] }).nodes;
    expect(first).toMatchObject({ key: "P1-a", patient: { key: "P1" }, image: null });
    expect(last).toMatchObject({ key: "P2-a", patient: { key: "P2" } });
    expect(first?.grids).toMatchObject([
      {
        patches: 23,
        tissueShare: (23 * 512 ** 2) / (8192 * 6144),
        lineage: {
          trust: "DECLARED",
          isStale: false,
          parameters: {
            slideChecksum: null,
            slideMicronsPerPixelX: 0.25,
            declared: {
              layout: "TRIDENT_H5",
              places: "LEVEL_0_PIXELS",
              sizeFrom: "FILE",
              attributes: { patch_size: 256, target_magnification: 20, level0_width: 8192 },
            },
          },
        },
      },
    ]);
    expect(JSON.stringify(first?.grids)).not.toContain("/data");
  });

  it("keep places and numbers, at half precision", async () => {
    const { rows } = await world.app.database.query<{ x: number; y: number; v: string }>(
      `SELECT patch.x, patch.y, vectors.v::text AS v FROM features.vectors_${await setId("uni")} AS vectors
       JOIN features.patch ON patch.id = vectors.patch_id JOIN slide ON slide.id = vectors.slide_id
       WHERE slide.key = 'P1-a' ORDER BY patch.id`,
    );
    expect(rows.flatMap(({ x, y }) => [x, y])).toEqual(placesInRows(23, 512));
    const wanted = Float16Array.from(numbers(23, 1));
    expect(rows.flatMap(({ v }) => JSON.parse(v) as number[]).map((value) => Math.fround(value))).toEqual(
      Array.from(wanted, (value) => Number(Math.fround(value))),
    );
  });

  it("are searched like vectors of our own", async () => {
    const { study } = await world.ask<{ study: { featureSets: { id: string; searchable: unknown }[] } }>(
      '{ study(key: "atlas") { featureSets { id } } }',
    );
    const set = study.featureSets[0]?.id as string;
    const { similarPatches } = await world.ask<{
      similarPatches: {
        hits: { distance: number; patch: { id: string; x: number; y: number; imageUrl: string | null } }[];
      };
    }>(
      `query($set: ID!, $vector: Vector!) { similarPatches(input: {featureSet: $set, to: {vector: $vector}, first: 5}) {
        hits { distance patch { id x y size imageUrl tissueShare slide { key } } } } }`,
      { set, vector: Array.from(numbers(23, 1).subarray(3 * DIMS, 4 * DIMS)) },
    );
    const [hit] = similarPatches.hits;
    expect(hit?.patch).toMatchObject({
      x: 3 * 512,
      y: 0,
      size: 512,
      imageUrl: null,
      tissueShare: 1,
      slide: { key: "P1-a" },
    });
    expect(hit?.distance).toBeLessThan(1e-3);
    const { node } = await world.ask<{ node: { x: number; vector: number[] } }>(
      "query($id: ID!, $set: ID!) { node(id: $id) { ... on Patch { x vector(featureSet: $set) } } }",
      { id: hit?.patch.id, set },
    );
    expect(node.x).toBe(3 * 512);
    const byPatch = await world.ask<{ similarPatches: { hits: unknown[] } }>(
      `query($set: ID!, $patch: ID!) { similarPatches(input: {featureSet: $set, to: {patch: $patch}, first: 3}) { hits { patch { slide { patient { key } } } } } }`,
      { set, patch: hit?.patch.id },
    );
    expect(byPatch.similarPatches.hits).toEqual(Array(3).fill({ patch: { slide: { patient: { key: "P2" } } } }));
    const slides = await world.ask<{ similarSlides: { hits: unknown[] } }>(
      `query($set: ID!, $slide: ID!) { similarSlides(input: {featureSet: $set, slide: $slide, first: 3}) { hits { slide { key } } } }`,
      { set, slide: await slideId("P1-a") },
    );
    expect(slides.similarSlides.hits).toEqual([{ slide: { key: "P2-a" } }]);
  });

  it("stay as they are when they come again, ids included", async () => {
    const snapshot = () =>
      world.app.database
        .query("SELECT slide_id, grid_id, vectors, completed_at, vectors_digest FROM slide_features ORDER BY slide_id")
        .then(({ rows }) => rows);
    const [before, all] = [await snapshot(), await everything()];
    expect((await importNow({ featureSetKey: "uni", paths: [`${folder}/P*.h5`] })).state).toBe("SUCCEEDED");
    expect(await snapshot()).toEqual(before);
    expect(await everything()).toEqual(all);
  });

  it("replace what was imported before when their numbers are others", async () => {
    const again = join(world.folder, "again");
    await mkdir(again);
    await writeTrident(join(again, "P1-b.h5"), "P1-b", numbers(24, 77), DIMS);
    const all = await everything();
    expect((await importNow({ featureSetKey: "uni", paths: [again] })).state).toBe("SUCCEEDED");
    expect(await everything()).toEqual(all);
    const { rows } = await world.app.database.query<{ v: string }>(
      `SELECT v::text AS v FROM features.vectors_${await setId("uni")} AS vectors JOIN slide ON slide.id = vectors.slide_id
       WHERE slide.key = 'P1-b' ORDER BY patch_id LIMIT 1`,
    );
    expect(JSON.parse(rows[0]?.v ?? "[]")[0]).toBeCloseTo(numbers(24, 77)[0] as number, 2);
  });
});

describe("a file with the same places in another order", () => {
  it("moves the vectors to where they belong now", async () => {
    const own = join(world.folder, "swapped");
    await mkdir(own);
    const file = join(own, "SW-1.h5");
    const input = { featureSetKey: "uni", paths: [file] };
    const placed = async () => {
      const { rows } = await world.app.database.query<{ x: number; v: string }>(
        `SELECT patch.x, vectors.v::text AS v FROM features.vectors_${await setId("uni")} AS vectors
         JOIN features.patch ON patch.id = vectors.patch_id JOIN slide ON slide.id = vectors.slide_id
         WHERE slide.key = 'SW-1' ORDER BY patch.x`,
      );
      return rows.map(({ v }) => v);
    };
    await writeTrident(file, "SW-1", numbers(2, 31), DIMS, [0, 0, 512, 0]);
    expect((await importNow(input)).state).toBe("SUCCEEDED");
    const before = await placed();
    await writeTrident(file, "SW-1", numbers(2, 31), DIMS, [512, 0, 0, 0]);
    expect((await importNow(input)).state).toBe("SUCCEEDED");
    expect(await placed()).toEqual(before.toReversed());
  });
});

const setId = async (key: string): Promise<number> =>
  (await world.app.prisma.featureSet.findFirstOrThrow({ where: { key } })).id;
const slideId = async (key: string): Promise<string> =>
  (await world.ask<{ slide: { id: string } }>(`{ slide(by: {key: {studyKey: "atlas", key: "${key}"}}) { id } }`)).slide
    .id;

describe("what is made of imported vectors", () => {
  const jobOf = async (document: string, variables: Record<string, unknown>): Promise<string> => {
    const answer = await world.ask<Record<string, { job: { id: string } | null; errors: Failure[] }>>(
      document,
      variables,
    );
    const [payload] = Object.values(answer);
    expect(payload?.errors).toEqual([]);
    return world.jobEnd(payload?.job?.id as string);
  };

  it("is codebooks and multiple-instance models, as of vectors of our own", async () => {
    const own = join(world.folder, "many");
    await mkdir(own);
    for (let patient = 0; patient < 12; patient++) {
      await writeTrident(join(own, `Q${patient}-a.h5`), `Q${patient}-a`, numbers(12, 100 + patient), DIMS);
    }
    const pattern = "^(?<patient>Q[0-9]+)";
    const { state } = await importNow({ featureSetKey: "many", paths: [own], patientPattern: pattern });
    expect(state).toBe("SUCCEEDED");
    const { featureSet } = await world.ask<{ featureSet: { id: string } }>(
      '{ featureSet(studyKey: "atlas", key: "many") { id } }',
    );
    const set = featureSet.id;
    expect(
      await jobOf(
        "mutation($set: ID!) { buildCodebook(input: {featureSet: $set, scope: STUDY, clusters: 3}) { job { id } errors { code message } } }",
        { set },
      ),
    ).toBe("SUCCEEDED");
    const table = [
      "patient,label",
      ...Array.from({ length: 12 }, (_, patient) => `Q${patient},${patient % 2 ? "A" : "B"}`),
    ];
    await world.ask(
      'mutation($text: String!) { importClinical(input: {studyKey: "atlas", text: $text, patientColumn: "patient"}) { errors { code message } } }',
      { text: table.join("\n") },
    );
    expect(
      await jobOf(
        `mutation($set: ID!) { trainMilModel(input: {featureSet: $set, key: "head", architecture: SELF_ATTENTION,
          task: {classification: {attribute: "label"}}, splits: {folds: {count: 3}}, epochs: 2}) { job { id } errors { code message fix } } }`,
        { set },
      ),
    ).toBe("SUCCEEDED");
    const { study } = await world.ask<{
      study: { milModels: { key: string; lineage: { trust: string; isStale: boolean } }[] };
    }>('{ study(key: "atlas") { milModels { key lineage { trust isStale staleReason } } } }');
    expect(study.milModels).toMatchObject([{ key: "head", lineage: { trust: "DECLARED", isStale: false } }]);
    const codebooks = await world.ask<{ featureSet: { codebooks: { lineage: unknown }[] } }>(
      '{ featureSet(studyKey: "atlas", key: "many") { codebooks { lineage { trust isStale } } } }',
    );
    expect(codebooks.featureSet.codebooks).toEqual([{ lineage: { trust: "DECLARED", isStale: false } }]);
  });

  it("cannot be asked by a picture while the encoder is a name", async () => {
    const { featureSet } = await world.ask<{ featureSet: { id: string } }>(
      '{ featureSet(studyKey: "atlas", key: "uni") { id } }',
    );
    const { errors } = await world.query(
      `query($set: ID!) { similarPatches(input: {featureSet: $set, to: {image: {data: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", micronsPerPixel: 0.5}}, first: 1}) { hits { distance } } }`,
      { set: featureSet.id },
    );
    expect(errors).toMatchObject([{ code: "ENCODER_HAS_NO_MODEL" }]);
  });
});

describe("slide-level files", () => {
  it("go in as one vector a slide, and are searched by slide", async () => {
    const own = join(world.folder, "titan");
    await mkdir(own);
    for (const [index, name] of ["T1", "T2", "T3"].entries()) {
      await writeHdf5(join(own, `${name}.h5`), {
        features: { data: numbers(1, 50 + index, 32), shape: [32], attributes: { name } },
        coords: {
          data: BigInt64Array.from(placesInRows(9, 512), BigInt),
          shape: [9, 2],
          attributes: { patch_size: 512n, patch_size_level0: 1024n, target_magnification: 20n },
        },
      });
    }
    const job = await importNow({ featureSetKey: "titan", encoderKey: "titan", level: "SLIDE", paths: [own] });
    expect(job.failures.nodes).toEqual([]);
    const { featureSet } = await world.ask<{ featureSet: { id: string } }>(
      '{ featureSet(studyKey: "atlas", key: "titan") { id level vectors dims patchSize } }',
    );
    expect(featureSet).toMatchObject({ level: "SLIDE", vectors: 3, dims: 32, patchSize: 512 });
    const { similarSlides } = await world.ask<{ similarSlides: { hits: { slide: { key: string } }[] } }>(
      `query($set: ID!, $slide: ID!) { similarSlides(input: {featureSet: $set, slide: $slide, first: 5}) { hits { slide { key } distance } } }`,
      { set: featureSet.id, slide: await slideId("T1") },
    );
    expect(similarSlides.hits.map(({ slide }) => slide.key).sort()).toEqual(["T2", "T3"]);
    const patches = await importNow({ featureSetKey: "titan", encoderKey: "titan", paths: [own] }).catch(
      (error: Error) => error.message,
    );
    expect(String(patches)).toContain("CONFLICT");
  });
});

describe("an upload", () => {
  it("goes in under the name that the file itself gives", async () => {
    const file = join(world.folder, "upload.h5");
    await writeTrident(file, "U-1", numbers(3, 8), DIMS);
    const bytes = await readFile(file);
    const { createUpload } = await world.ask<{ createUpload: { upload: { id: string } } }>(
      'mutation($bytes: Int!) { createUpload(input: {name: "x.h5", bytes: $bytes}) { upload { id } errors { code } } }',
      { bytes: bytes.length },
    );
    const { id } = createUpload.upload;
    await receiveUpload(world.app, id, Readable.from([bytes]), bytes.length);
    const job = await importNow({ featureSetKey: "uni", upload: id });
    expect(job.failures.nodes).toEqual([]);
    expect(await world.app.prisma.slide.count({ where: { key: "U-1" } })).toBe(1);
    expect(await world.app.prisma.upload.count({ where: { id } })).toBe(0);
  });
});

describe("a malformed file", () => {
  const good = () => numbers(5, 9);
  const coords = (places = placesInRows(5, 512)) => ({ data: Int32Array.from(places), shape: [places.length / 2, 2] });
  const features = (data: Float32Array | Float64Array = good(), shape = [5, DIMS]) => ({ data, shape });
  const withNumber = (value: number) => {
    const data = Float64Array.from(good());
    data[3 * DIMS + 2] = value;
    return data;
  };

  const cases: [string, (file: string) => Promise<void>, string, RegExp][] = [
    [
      "truncated",
      async (file) => {
        await writeHdf5(file, { features: features(), coords: coords() });
        const bytes = await readFile(file);
        await writeFile(file, bytes.subarray(0, bytes.length - 300));
      },
      "SLIDE_CORRUPT",
      /truncated/,
    ],
    ["not-hdf5", (file) => writeFile(file, "hello, this is not a file of features"), "FORMAT_UNSUPPORTED", /not HDF5/],
    ["empty-file", (file) => writeFile(file, ""), "FORMAT_UNSUPPORTED", /not HDF5/],
    [
      "other-dims",
      (file) => writeHdf5(file, { features: features(numbers(5, 9, 12), [5, 12]), coords: coords() }),
      "DIMENSION_MISMATCH",
      /12 numbers/,
    ],
    ["no-features", (file) => writeHdf5(file, { coords: coords() }), "FORMAT_UNSUPPORTED", /coords, but no features/],
    ["no-coords", (file) => writeHdf5(file, { features: features() }), "FORMAT_UNSUPPORTED", /no dataset "coords"/],
    [
      "nan",
      (file) => writeHdf5(file, { features: features(withNumber(Number.NaN)), coords: coords() }),
      "NOT_FINITE",
      /row 3/,
    ],
    [
      "infinite",
      (file) => writeHdf5(file, { features: features(withNumber(-Infinity)), coords: coords() }),
      "NOT_FINITE",
      /row 3/,
    ],
    [
      "too-great",
      (file) => writeHdf5(file, { features: features(withNumber(70_000)), coords: coords() }),
      "NOT_FINITE",
      /beyond 65504/,
    ],
    [
      "twice",
      (file) => writeHdf5(file, { features: features(), coords: coords([0, 0, 512, 0, 0, 512, 512, 0, 9, 9]) }),
      "DUPLICATE_KEY",
      /Rows 1 and 3/,
    ],
    [
      "other-rows",
      (file) => writeHdf5(file, { features: features(), coords: coords(placesInRows(4, 512)) }),
      "DIMENSION_MISMATCH",
      /\[4, 2\] beside 5/,
    ],
    [
      "negative",
      (file) => writeHdf5(file, { features: features(), coords: coords([0, 0, -1, 0, 0, 512, 512, 0, 9, 9]) }),
      "BAD_ARGUMENT",
      /row 1/,
    ],
    [
      "one-vector",
      (file) => writeHdf5(file, { features: features(numbers(1, 9), [DIMS]), coords: coords() }),
      "BAD_ARGUMENT",
      /one vector/,
    ],
    [
      "integers",
      (file) => writeHdf5(file, { features: { data: new Int32Array(80), shape: [5, 16] }, coords: coords() }),
      "FORMAT_UNSUPPORTED",
      /integers/,
    ],
    [
      "implausible-size",
      (file) =>
        writeHdf5(file, {
          features: features(),
          coords: { ...coords(), attributes: { patch_size: 256n, overlap: 10n ** 12n } },
        }),
      "BAD_ARGUMENT",
      /overlap by 1000000000000/,
    ],
    [
      "long-vectors",
      (file) => writeHdf5(file, { features: features(numbers(5, 9, 17_000), [5, 17_000]), coords: coords() }),
      "LIMIT_EXCEEDED",
      /17000 numbers/,
    ],
    [
      "no-tissue",
      (file) => writeHdf5(file, { features: features(new Float32Array(0), [0, DIMS]), coords: coords([]) }),
      "NO_TISSUE",
      /no vectors/,
    ],
  ];

  it.each(cases)(
    "%s is refused alone, with a code and a fix, and leaves nothing behind",
    async (name, write, code, message) => {
      const own = join(world.folder, `bad-${name}`);
      await mkdir(own);
      await write(join(own, `X-${name}.h5`));
      const before = await everything();
      const job = await importNow({
        featureSetKey: "uni",
        layout: "CLAM_H5",
        paths: [own],
        patchSize: 256,
        micronsPerPixel: 0.5,
      });
      expect(job.state).toBe("FAILED");
      expect(job.failures.nodes).toHaveLength(1);
      expect(job.failures.nodes[0]?.code).toBe(code);
      expect(job.failures.nodes[0]?.message).toMatch(message);
      expect(job.failures.nodes[0]?.message).toContain(`X-${name}`);
      expect(job.failures.nodes[0]?.fix).toBeTruthy();
      expect(job.failures.nodes[0]?.message).not.toContain("/");
      expect(await everything()).toEqual(before);
    },
  );

  it("does not keep the others out", async () => {
    const own = join(world.folder, "mixed");
    await mkdir(own);
    await writeFile(join(own, "M-bad.h5"), "no");
    await writeTrident(join(own, "M-good.h5"), "M-good", numbers(4, 5), DIMS);
    const job = await importNow({ featureSetKey: "uni", paths: [own] });
    expect(job.state).toBe("PARTLY_FAILED");
    expect(job.failures.nodes.map(({ message }) => message)).toEqual([expect.stringContaining("M-bad")]);
    expect(await world.app.prisma.slide.count({ where: { key: "M-good" } })).toBe(1);
  });
});

describe("tables", () => {
  const table = (slide: string, patient: string, xs: number[], seed: number, micronsPerPixel?: number) =>
    tableToIPC(
      new Table({
        ...(micronsPerPixel && { micronsPerPixel: vectorFromArray(Float64Array.from(xs, () => micronsPerPixel)) }),
        slide: vectorFromArray(xs.map(() => slide)),
        patient: vectorFromArray(xs.map(() => patient)),
        x: vectorFromArray(Int32Array.from(xs)),
        y: vectorFromArray(Int32Array.from(xs, () => 0)),
        vector: vectorFromArray(
          xs.map((_, row) => Array.from(numbers(1, seed + row))),
          new FixedSizeList(DIMS, new Field("item", new Float32())),
        ),
      }),
      "stream",
    );
  const input = { featureSetKey: "tables", layout: "ARROW", patchSize: 256, micronsPerPixel: 0.5 };

  it("with one slide in two files are not taken for two versions of it: the first file stays, the other is refused", async () => {
    const own = join(world.folder, "torn");
    await mkdir(own);
    await writeFile(join(own, "part-0.arrow"), table("/scans/meier/W1", "W", [0, 256], 1));
    await writeFile(join(own, "part-1.arrow"), table("W1", "W", [512, 768, 1024], 7));
    const job = await importNow({ ...input, paths: [own] });
    expect(job.state).toBe("PARTLY_FAILED");
    expect(job.failures.nodes).toMatchObject([{ code: "CONFLICT", message: expect.stringContaining('"W1"') }]);
    const { vectors } = await world.app.prisma.slideFeatures.findFirstOrThrow({ where: { slide: { key: "W1" } } });
    expect([2, 3]).toContain(vectors);
    expect(await count(`features.vectors_${await setId("tables")}`)).toBe(vectors);
    // In an import of its own a file is a new version.
    await writeFile(join(own, "part-1.arrow"), table("W1", "W", [512, 768, 1024, 1280], 7));
    expect((await importNow({ ...input, paths: [join(own, "part-1.arrow")] })).state).toBe("SUCCEEDED");
    expect(await count(`features.vectors_${await setId("tables")}`)).toBe(4);
  });

  it("that call slides by their files mean the slides that these files are registered as", async () => {
    const own = join(world.folder, "endings");
    await mkdir(own);
    await writeFile(join(own, "all.arrow"), table("/scans/TCGA-02.0006.svs", "P6", [0, 256], 1));
    expect((await importNow({ ...input, paths: [own] })).state).toBe("SUCCEEDED");
    const slides = await world.app.prisma.slide.findMany({ where: { key: { startsWith: "TCGA-02" } } });
    expect(slides.map(({ key }) => key)).toEqual(["TCGA-02.0006"]);
  });

  it("of slides whose resolutions differ by little go into one set once the resolution is given", async () => {
    const own = join(world.folder, "near");
    await mkdir(own);
    await writeFile(join(own, "a.arrow"), table("N1", "N", [0, 256], 1, 0.25));
    await writeFile(join(own, "b.arrow"), table("N2", "N", [0, 256], 2, 0.2512));
    const near = { ...input, featureSetKey: "near", micronsPerPixel: undefined, paths: [own] };
    const refused = await importNow(near);
    expect(refused.failures.nodes).toMatchObject([
      { code: "CONFLICT", fix: expect.stringContaining("micronsPerPixel: 0.25") },
    ]);
    expect((await importNow({ ...near, featureSetKey: "nominal", micronsPerPixel: 0.25 })).state).toBe("SUCCEEDED");
  });

  it("that name patients by their names are refused without repeating them", async () => {
    const own = join(world.folder, "names");
    await mkdir(own);
    await writeFile(join(own, "all.arrow"), table("W2", "Meier, Hans", [0], 1));
    const job = await importNow({ ...input, paths: [own] });
    expect(job.failures.nodes).toMatchObject([{ code: "BAD_ARGUMENT" }]);
    expect(JSON.stringify(job.failures)).not.toContain("Meier");
  });
});

describe("CLAM files", () => {
  it("need to be told patch size and resolution, as they do not say", async () => {
    const own = join(world.folder, "clam");
    await mkdir(own);
    await writeClam(join(own, "C1.h5"), numbers(40, 3), DIMS);
    const refused = await importNow({ featureSetKey: "clam", layout: "CLAM_H5", paths: [own] });
    expect(refused.failures.nodes[0]).toMatchObject({
      code: "BAD_ARGUMENT",
      fix: expect.stringContaining("patchSize"),
    });
    const unknown = await importNow({ featureSetKey: "clam", layout: "CLAM_H5", paths: [own], patchSize: 256 });
    expect(unknown.failures.nodes[0]?.code).toBe("RESOLUTION_UNKNOWN");
    const job = await importNow({
      featureSetKey: "clam",
      layout: "CLAM_H5",
      paths: [own],
      patchSize: 256,
      micronsPerPixel: 0.5,
    });
    expect(job.state).toBe("SUCCEEDED");
  });

  it("are linked to a slide that is there, with its image", async () => {
    const slides = await renderSlides(world, 1);
    await world.ask(
      'mutation($path: String!) { registerSlides(input: {studyKey: "atlas", paths: [$path]}) { errors { code } } }',
      { path: slides },
    );
    const slide = await world.app.prisma.slide.findFirstOrThrow({ where: { image: { isNot: null } } });
    const own = join(world.folder, "linked");
    await mkdir(own);
    await writeHdf5(join(own, `${slide.key}.h5`), {
      features: { data: numbers(4, 3), shape: [1, 4, DIMS] },
      coords: { data: Int32Array.from([0, 0, 224, 0, 3, 230, 800, 800]), shape: [4, 2] },
    });
    const input = { featureSetKey: "linked", layout: "CLAM_H5", paths: [own], patchSize: 224, micronsPerPixel: 0.5 };
    expect((await importNow(input)).state).toBe("SUCCEEDED");
    const { featureSet } = await world.ask<{
      featureSet: { lineage: unknown; slides: { nodes: { grids: unknown[] }[] } };
    }>(
      '{ featureSet(studyKey: "atlas", key: "linked") { lineage { isStale trust } slides { nodes { grids { maskUrl lineage { isStale parameters } } } } } }',
    );
    expect(featureSet.lineage).toEqual({ isStale: false, trust: "DECLARED" });
    expect(featureSet.slides.nodes[0]?.grids).toMatchObject([
      { lineage: { isStale: false, parameters: { declared: { sizeFrom: "IMAGE" } } } },
    ]);
    // The image is replaced: what is imported now is of the new one, what was before is not.
    await world.app.prisma.slideImage.update({ where: { slideId: slide.id }, data: { checksum: "f".repeat(64) } });
    expect((await importNow({ ...input, featureSetKey: "relinked" })).state).toBe("SUCCEEDED");
    const staleOf = (key: string) =>
      world.ask<{ featureSet: { lineage: { isStale: boolean } } }>(
        'query($key: String!) { featureSet(studyKey: "atlas", key: $key) { lineage { isStale } } }',
        { key },
      );
    expect((await staleOf("linked")).featureSet.lineage.isStale).toBe(true);
    expect((await staleOf("relinked")).featureSet.lineage.isStale).toBe(false);
    expect((await importNow(input)).state).toBe("SUCCEEDED");
    expect((await staleOf("linked")).featureSet.lineage.isStale).toBe(false);
    await writeHdf5(join(own, `${slide.key}.h5`), {
      features: { data: numbers(2, 3), shape: [2, DIMS] },
      coords: { data: Int32Array.from([0, 0, 9000, 0]), shape: [2, 2] },
    });
    const outside = await importNow(input);
    expect(outside.failures.nodes[0]).toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringContaining("outside"),
    });
  });
});
