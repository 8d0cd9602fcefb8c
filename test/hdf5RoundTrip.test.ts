import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import h5wasm, { ready } from "h5wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededUniform } from "../src/platform/random.ts";
import { startServer } from "../src/server/start.ts";
import { placesInRows, writeClam, writeHdf5, writeTrident } from "./support/featureFiles.ts";
import { createWorld, type World } from "./support/world.ts";

/** HDF5 → HistoQL → HDF5: the same places, and the same numbers to the precision that is stored. */

const DIMS = 40;
const SLIDES = ["R1", "R2"];

let world: World;
let server: { url: string; close(): Promise<void> };
let folder: string;

const numbers = (rows: number, seed: number): Float32Array => {
  const random = seededUniform(seed);
  return Float32Array.from({ length: rows * DIMS }, () => (random() - 0.5) * 10 ** Math.floor(random() * 8 - 6));
};

/** As contours give them: line by line within one, one contour after the other. */
const contours = [
  [900, 64],
  [1412, 64],
  [900, 576],
  [3, 2000],
  [515, 2000],
  [3, 7],
].flat();

const importAll = async (input: Record<string, unknown>): Promise<string> => {
  const { importFeatures } = await world.ask<{ importFeatures: { job: { id: string }; errors: unknown[] } }>(
    "mutation($input: ImportFeaturesInput!) { importFeatures(input: $input) { job { id } errors { message } } }",
    { input: { studyKey: "round", encoderKey: "uni", ...input } },
  );
  expect(importFeatures.errors).toEqual([]);
  expect(await world.jobEnd(importFeatures.job.id)).toBe("SUCCEEDED");
  const { featureSet } = await world.ask<{ featureSet: { id: string } }>(
    'query($key: String!) { featureSet(studyKey: "round", key: $key) { id } }',
    { key: input.featureSetKey },
  );
  return featureSet.id;
};

type Exported = { url: string; rows: number; errors: { code: string; path: string[] }[] };
const ask = async (input: Record<string, unknown>): Promise<Exported> =>
  (
    await world.ask<{ exportFeatures: Exported }>(
      "mutation($input: ExportFeaturesInput!) { exportFeatures(input: $input) { url rows errors { code path } } }",
      { input },
    )
  ).exportFeatures;

/** Fetches an export and unpacks it with the machine's own tar. */
const unpack = async (name: string, input: Record<string, unknown>): Promise<string> => {
  const { url, errors } = await ask(input);
  expect(errors).toEqual([]);
  const answer = await fetch(`${server.url}${url.slice(new URL(url).origin.length)}`);
  expect(answer.status).toBe(200);
  const own = join(world.folder, name);
  await mkdir(own);
  await writeFile(join(own, "features.tar"), await answer.bytes());
  execFileSync("tar", ["xf", "features.tar"], { cwd: own });
  return own;
};

type Hdf5 = {
  datasets: Record<string, { value: unknown; shape: unknown; chunks: unknown; attributes: Record<string, unknown> }>;
};

/** What the library finds in a file, without a line of ours. */
const inside = async (file: string): Promise<Hdf5["datasets"]> => {
  const { FS } = (await ready) as unknown as { FS: { writeFile(path: string, bytes: Uint8Array): void } };
  FS.writeFile("/read.h5", await readFile(file));
  const h5 = new h5wasm.File("/read.h5", "r");
  const found = h5.keys().map((name) => {
    const dataset = h5.get(name);
    if (!(dataset instanceof h5wasm.Dataset)) throw new Error(`${name} is no dataset.`);
    const attributes = Object.entries(dataset.attrs).map(([key, attribute]) => [key, attribute.value]);
    return [
      name,
      {
        value: dataset.value,
        shape: dataset.shape,
        chunks: dataset.metadata.chunks,
        attributes: Object.fromEntries(attributes),
      },
    ];
  });
  h5.close();
  return Object.fromEntries(found);
};

const stored = async (key: string): Promise<unknown[]> => {
  const { id } = await world.app.prisma.featureSet.findFirstOrThrow({ where: { key } });
  const { rows } = await world.app.database.query(
    `SELECT slide.key, patch.x, patch.y, encode(halfvec_send(v), 'hex') AS v FROM features.vectors_${id} AS vectors
     JOIN slide ON slide.id = vectors.slide_id JOIN features.patch ON patch.id = vectors.patch_id ORDER BY slide.key, patch.id`,
  );
  return rows;
};

beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  server = await startServer(world.app);
  await world.ask('mutation { createStudy(input: {key: "round", name: "Round"}) { study { id } } }');
  folder = join(world.folder, "in");
  await mkdir(folder);
  for (const [index, name] of SLIDES.entries()) {
    await writeTrident(join(folder, `${name}.h5`), name, numbers(6, index), DIMS, contours);
  }
});
afterAll(async () => {
  await server?.close();
  await world?.close();
});

describe("TRIDENT's layout", () => {
  it("comes out as it went in: datasets, order, places, attributes, and numbers to half precision", async () => {
    const featureSet = await importAll({ featureSetKey: "in", layout: "TRIDENT_H5", paths: [folder] });
    const out = await unpack("out", { featureSet, format: "TRIDENT_H5" });
    for (const name of SLIDES) {
      const [before, after] = [await inside(join(folder, `${name}.h5`)), await inside(join(out, `${name}.h5`))];
      expect(Object.keys(after).sort()).toEqual(["coords", "features"]);
      expect(after.coords?.value).toEqual(before.coords?.value);
      expect(after.coords?.shape).toEqual([6, 2]);
      const { savetodir: _, ...kept } = before.coords?.attributes ?? {};
      expect(after.coords?.attributes).toEqual(kept);
      expect(after.features).toMatchObject({
        shape: [6, DIMS],
        chunks: [1, DIMS],
        attributes: { name, encoder: "uni" },
      });
      const halves = Float16Array.from(before.features?.value as Float32Array);
      expect(after.features?.value).toEqual(Float32Array.from(halves));
    }
    const manifest = JSON.parse(await readFile(join(out, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ study: "round", storedPrecision: "FLOAT16", rows: 12 });
    expect(manifest.files.map(({ slide, rows }: { slide: string; rows: number }) => [slide, rows]).sort()).toEqual([
      ["R1", 6],
      ["R2", 6],
    ]);

    await importAll({ featureSetKey: "again", layout: "TRIDENT_H5", paths: [out] });
    expect(await stored("again")).toEqual(await stored("in"));
    const grids = await world.app.prisma.patchGrid.count();
    expect(grids).toBe(SLIDES.length);
  });

  it("comes out without attributes that are no numbers, and is not cut short by them", async () => {
    const own = join(world.folder, "strange");
    await mkdir(own);
    await writeTrident(join(own, "N1.h5"), "N1", numbers(6, 4), DIMS, contours);
    const featureSet = await importAll({ featureSetKey: "strange", layout: "TRIDENT_H5", paths: [own] });
    // As h5py's booleans are stored; and numbers that are not finite, by earlier versions.
    await world.app.database.query(
      `UPDATE patch_grid SET declared = jsonb_set(declared, '{attributes}', declared -> 'attributes' || '{"flag": true, "scale": null, "sizes": [1, null], "pair": [3, 4.5]}')
       WHERE slide_id = (SELECT id FROM slide WHERE key = 'N1')`,
    );
    const out = await unpack("strange-out", { featureSet, format: "TRIDENT_H5" });
    const { coords } = await inside(join(out, "N1.h5"));
    expect(coords?.attributes).toMatchObject({ patch_size: 256n, pair: Float64Array.of(3, 4.5) });
    for (const name of ["flag", "scale", "sizes"]) expect(coords?.attributes).not.toHaveProperty(name);
  });

  it("is refused what it has no place for", async () => {
    const { featureSet } = await world.ask<{ featureSet: { id: string } }>(
      '{ featureSet(studyKey: "round", key: "in") { id } }',
    );
    const { errors } = await ask({ featureSet: featureSet.id, format: "TRIDENT_H5", precision: "FLOAT16" });
    expect(errors).toEqual([{ code: "BAD_ARGUMENT", path: ["precision"] }]);
  });

  it("is not given to whoever changes the address", async () => {
    const { featureSet } = await world.ask<{ featureSet: { id: string } }>(
      '{ featureSet(studyKey: "round", key: "in") { id } }',
    );
    const { url } = await ask({ featureSet: featureSet.id, format: "CLAM_H5" });
    const forged = url.replace(
      /\/exports\/[0-9a-f]/,
      (start) => `${start.slice(0, -1)}${start.endsWith("0") ? "1" : "0"}`,
    );
    const onServer = (address: string) => `${server.url}${address.slice(new URL(address).origin.length)}`;
    expect((await fetch(onServer(forged))).status).toBe(403);
    // Nor does an archive begin in the middle of a slide.
    const resumed = await fetch(onServer(`${url}&after=x`));
    expect([resumed.status, await resumed.json()]).toMatchObject([400, { code: "BAD_ARGUMENT" }]);
  });
});

describe("TRIDENT's layout of whole slides", () => {
  it("comes out with the same vector, and with what it takes to come in again", async () => {
    const own = join(world.folder, "titan");
    await mkdir(own);
    await writeHdf5(join(own, "T1.h5"), {
      features: { data: numbers(1, 50), shape: [DIMS], attributes: { name: "T1" } },
      coords: {
        data: BigInt64Array.from(placesInRows(9, 512), BigInt),
        shape: [9, 2],
        attributes: { patch_size: 512n, patch_size_level0: 1024n, target_magnification: 20n, overlap: 0n },
      },
    });
    const input = { layout: "TRIDENT_H5", level: "SLIDE", encoderKey: "titan" };
    const featureSet = await importAll({ ...input, featureSetKey: "titan", paths: [own] });
    const out = await unpack("titan-out", { featureSet, format: "TRIDENT_H5" });
    const [before, after] = [await inside(join(own, "T1.h5")), await inside(join(out, "T1.h5"))];
    expect(after.features?.value).toEqual(Float32Array.from(Float16Array.from(before.features?.value as Float32Array)));
    expect(after.features).toMatchObject({ shape: [DIMS], attributes: { ...before.coords?.attributes, name: "T1" } });
    await importAll({ ...input, featureSetKey: "titan-again", paths: [out] });
    expect(await stored("titan-again")).toEqual(await stored("titan"));
  });
});

describe("CLAM's layout", () => {
  it("comes out as it went in, without attributes", async () => {
    const own = join(world.folder, "clam");
    await mkdir(own);
    await writeClam(join(own, "C1.h5"), numbers(70, 9), DIMS);
    const recipe = { patchSize: 256, micronsPerPixel: 0.5, layout: "CLAM_H5" };
    const featureSet = await importAll({ featureSetKey: "clam", paths: [own], ...recipe });
    const out = await unpack("clam-out", { featureSet, format: "CLAM_H5" });
    const [before, after] = [await inside(join(own, "C1.h5")), await inside(join(out, "C1.h5"))];
    expect(after.coords).toEqual(before.coords);
    expect(after.features).toEqual({
      ...before.features,
      value: Float32Array.from(Float16Array.from(before.features?.value as Float32Array)),
    });
    await importAll({ featureSetKey: "clam-again", paths: [out], ...recipe });
    expect(await stored("clam-again")).toEqual(await stored("clam"));
  });
});
