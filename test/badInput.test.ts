import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { rowCounts, writingNothing } from "./support/counts.ts";
import { glassTiff, tissueTiff, withBrokenTile, writeTissue } from "./support/files.ts";
import { anyPatch, createWorld, type World } from "./support/world.ts";

/** Bad input: each with its code and what mends it, nothing written by what was refused, nothing lost of the rest. */

type UserError = { code: string; message: string; path: string[] | null; fix: string | null };
type Embedded = { featureSet: { id: string } | null; job: { id: string } | null; errors: UserError[] };

const DIMS = 672;
const svs = join(import.meta.dirname, "../../shared/data/slides/CMU-1-Small-Region.svs");

let world: World;
let outside: string;
let featureSet: string;

const place = (...names: string[]) => join(world.folder, ...names);

const register = async (paths: string[], more: Record<string, unknown> = {}) => {
  const { registerSlides } = await world.ask<{
    registerSlides: { slides: { key: string; patient: { key: string } }[]; unchanged: number; errors: UserError[] };
  }>(
    "mutation($input: RegisterSlidesInput!) { registerSlides(input: $input) { slides { key patient { key } } unchanged errors { code message path fix } } }",
    { input: { studyKey: "study", paths, ...more } },
  );
  return registerSlides;
};

const embed = async (keys: string[], featureSetKey: string, more: Record<string, unknown> = {}) => {
  const { embedSlides } = await world.ask<{ embedSlides: Embedded }>(
    "mutation($input: EmbedSlidesInput!) { embedSlides(input: $input) { featureSet { id } job { id } errors { code message path fix } } }",
    { input: { slides: { studyKey: "study", keys }, encoderKey: "efficientnet-lite0", featureSetKey, ...more } },
  );
  return embedSlides;
};

const failuresOf = async (job: string) => {
  const answer = await world.ask<{ job: { failures: { nodes: (UserError & { slide: { key: string } })[] } } }>(
    "query($job: ID!) { job(id: $job) { failures { nodes { code message fix slide { key } } } } }",
    { job },
  );
  return answer.job.failures.nodes;
};

/** Vectors and whether they are all, by slide key. */
const featuresOf = async (featureSetKey: string) => {
  const { rows } = await world.app.database.query<{ key: string; vectors: number; stored: number; complete: boolean }>(
    `SELECT slide.key, features.vectors, features.is_complete AS complete, features.feature_set_id
     FROM slide_features AS features JOIN slide ON slide.id = features.slide_id
     JOIN feature_set ON feature_set.id = features.feature_set_id WHERE feature_set.key = $1`,
    [featureSetKey],
  );
  return Object.fromEntries(rows.map((row) => [row.key, { vectors: row.vectors, complete: row.complete }]));
};

const similar = (input: Record<string, unknown>) =>
  world.query(
    "query($input: SimilarPatchesInput!) { similarPatches(input: $input) { hits { distance } search { matches } } }",
    { input: { featureSet, ...input } },
  );

beforeAll(async () => {
  world = await createWorld({ config: { batchSize: 4 } });
  outside = await mkdtemp(join(tmpdir(), "histoql-outside-"));
  await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
  await mkdir(place("good"));
  await writeTissue(place("good", "A-1.tif"), { seed: 1 });
  await writeTissue(place("good", "B-1.tif"), { seed: 2 });
  await register([place("good")], { patientPattern: "^(?<patient>[A-Z])-" });
  const { featureSet: made, job } = await embed(["A-1", "B-1"], "cnn");
  expect(await world.jobEnd(job?.id ?? "")).toBe("SUCCEEDED");
  featureSet = made?.id ?? "";
});
afterAll(async () => {
  await world.close();
  await rm(outside, { recursive: true, force: true });
});

describe("a file that is no slide", () => {
  const cases: Record<string, { name: string; bytes: () => Promise<Uint8Array | string>; code: string; fix: RegExp }> =
    {
      "a text file named .svs": {
        name: "text.svs",
        bytes: async () => "These are the notes of somebody.\n".repeat(100),
        code: "FORMAT_UNSUPPORTED",
        fix: /./,
      },
      "a Zeiss CZI": {
        name: "scan.czi",
        bytes: async () => Buffer.concat([Buffer.from("ZISRAWFILE"), Buffer.alloc(4096)]),
        code: "FORMAT_UNSUPPORTED",
        fix: /bfconvert .*INPUT.* && vips tiffsave/,
      },
      "a Zeiss CZI under another name": {
        name: "renamed.svs",
        bytes: async () => Buffer.concat([Buffer.from("ZISRAWFILE"), Buffer.alloc(4096)]),
        code: "FORMAT_UNSUPPORTED",
        fix: /bfconvert/,
      },
      "an empty file": { name: "empty.tif", bytes: async () => "", code: "SLIDE_CORRUPT", fix: /Copy/ },
      "a truncated TIFF": {
        name: "short.tif",
        bytes: async () => {
          const whole = await tissueTiff({ seed: 9 });
          return whole.subarray(0, whole.length * 0.6);
        },
        code: "SLIDE_CORRUPT",
        fix: /Copy/,
      },
    };
  if (existsSync(svs)) {
    cases["a truncated SVS"] = {
      name: "short.svs",
      bytes: async () => {
        const whole = await readFile(svs);
        return whole.subarray(0, Math.floor(whole.length * 0.7));
      },
      code: "SLIDE_CORRUPT",
      fix: /Copy/,
    };
  } else console.log("A truncated SVS is not tried: ../shared/data/slides is not here.");

  it.each(Object.entries(cases))("%s is refused, and nothing is written", async (_what, { name, bytes, code, fix }) => {
    const path = place(name);
    await writeFile(path, await bytes());
    const { slides, errors } = await writingNothing(world.app.database, () => register([path]));
    expect(slides).toEqual([]);
    expect(errors).toEqual([{ code, message: expect.any(String), path: null, fix: expect.stringMatching(fix) }]);
    expect(errors[0]?.message).not.toContain(world.folder);
  });

  it("goes alone: the others beside it are registered", async () => {
    await mkdir(place("mixed"));
    await writeFile(place("mixed", "bad.svs"), "no slide");
    await writeFile(place("mixed", "half.png"), Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
    await writeTissue(place("mixed", "good.tif"), { seed: 3 });
    const { slides, errors } = await register([place("mixed"), place("absent")]);
    expect(slides.map(({ key }) => key)).toEqual(["good"]);
    expect(errors).toHaveLength(3);
    expect(errors.map(({ code }) => code)).toEqual(expect.arrayContaining(["FILE_NOT_FOUND", "FORMAT_UNSUPPORTED"]));
    expect(errors.find(({ message }) => message.includes('"half"'))?.fix).toEqual(expect.any(String));
  });
});

describe("a path", () => {
  beforeAll(async () => {
    await writeTissue(join(outside, "patient-Doe.tif"));
    await symlink(join(outside, "patient-Doe.tif"), place("link.tif"));
    await symlink(outside, place("linked"));
  });
  const up = () => `../${outside.split("/").at(-1)}`;
  const cases: [string, () => string][] = [
    ["outside of the roots", () => join(outside, "patient-Doe.tif")],
    ["of a folder outside", () => outside],
    ["that climbs out", () => `${up()}/patient-Doe.tif`],
    ["that climbs out of an absolute one", () => `${world.folder}/${up()}/patient-Doe.tif`],
    ["through a link to a file", () => "link.tif"],
    ["through a link to a folder", () => "linked"],
    ["through a link, by glob", () => "linked/*.tif"],
    ["by a glob outside", () => join(outside, "*.tif")],
    ["by a glob that climbs out", () => `${up()}/*.tif`],
    ["by a glob that climbs out within braces", () => `{..,x}/${outside.split("/").at(-1)}/*.tif`],
    ["by a glob whose braces make the dots", () => `{.,x}{.,y}/${outside.split("/").at(-1)}/*.tif`],
    ["outside where nothing is", () => join(outside, "nothing.tif")],
    ["outside where nothing is, within braces", () => "{..,x}/nothing-is-here/*.tif"],
    ["of the system", () => "/etc/passwd"],
  ];
  it.each(cases)("%s is FORBIDDEN and not repeated", async (_what, path) => {
    const { slides, errors } = await writingNothing(world.app.database, () => register([path()]));
    expect(slides).toEqual([]);
    expect(errors).toEqual([
      expect.objectContaining({
        code: "FORBIDDEN",
        path: ["paths", "0"],
        fix: expect.stringContaining("HISTOQL_ROOTS"),
      }),
    ]);
    expect(JSON.stringify(errors)).not.toMatch(/Doe|outside-|passwd|nothing/);
  });

  it("where nothing is is FILE_NOT_FOUND", async () => {
    const { errors } = await writingNothing(world.app.database, () => register(["good/C-1.tif", "*.none", place("x")]));
    expect(errors.map(({ code, path }) => [code, path])).toEqual([
      ["FILE_NOT_FOUND", ["paths", "0"]],
      ["FILE_NOT_FOUND", ["paths", "1"]],
      ["FILE_NOT_FOUND", ["paths", "2"]],
    ]);
  });

  it("may be a glob, braces included", async () => {
    const { slides, unchanged, errors } = await writingNothing(world.app.database, () =>
      register(["{good,other}/?-1.{tif,svs}"], { patientPattern: "^(?<patient>[A-Z])-" }),
    );
    expect([slides.map(({ key }) => key), unchanged, errors]).toEqual([["A-1", "B-1"], 2, []]);
  });

  it("of an encoder is held to the same roots", async () => {
    const { registerEncoder } = await writingNothing(world.app.database, () =>
      world.ask<{ registerEncoder: { errors: UserError[] } }>(
        "mutation($input: RegisterEncoderInput!) { registerEncoder(input: $input) { encoder { key } errors { code message path } } }",
        {
          input: {
            key: "theirs",
            name: "Theirs",
            dims: 8,
            path: "/etc/passwd",
            card: { inputPixels: 8, pixelScale: { range: [0, 1] }, input: "i", output: "o", licence: "none" },
          },
        },
      ),
    );
    expect(registerEncoder.errors[0]).toMatchObject({ code: "FORBIDDEN", path: ["path"] });
  });
});

describe("keys", () => {
  it("two files of one stem are DUPLICATE_KEY, the first goes in", async () => {
    await mkdir(place("twins/one"), { recursive: true });
    await mkdir(place("twins/two"), { recursive: true });
    await writeTissue(place("twins/one/twin.tif"), { seed: 4 });
    await writeTissue(place("twins/two/twin.tif"), { seed: 5 });
    const first = await register([place("twins")]);
    expect(first.slides.map(({ key }) => key)).toEqual(["twin"]);
    expect(first.errors.map(({ code }) => code)).toEqual(["DUPLICATE_KEY"]);
    const second = await writingNothing(world.app.database, () => register(["twins/two/twin.tif"]));
    expect(second.errors.map(({ code }) => code)).toEqual(["DUPLICATE_KEY"]);
  });

  it("a file of other content does not change the slide that it is refused for", async () => {
    await mkdir(place("later"));
    await writeTissue(place("later/twin.tif"), { seed: 6 });
    const slide = () =>
      world.ask('{ slide(by: {key: {studyKey: "study", key: "twin"}}) { stain image { checksum } } }');
    const before = await slide();
    const { errors } = await writingNothing(world.app.database, () => register(["later/twin.tif"], { stain: "HE" }));
    expect(errors.map(({ code }) => code)).toEqual(["DUPLICATE_KEY"]);
    expect(await slide()).toEqual(before);
  });

  it("a slide that belongs to another patient is CONFLICT, and that patient is not made", async () => {
    const { errors } = await writingNothing(world.app.database, () => register(["good/A-1.tif"]));
    expect(errors).toEqual([expect.objectContaining({ code: "CONFLICT", message: expect.stringContaining('"A"') })]);
  });

  it.each([
    ["that is no regular expression", "^(?<patient>[A-Z", /regular expression/],
    ["without the group", "^([A-Z])-", /no group named patient/],
    ["that is too long", `^(?<patient>A)${"x?".repeat(200)}`, /longer/],
    ["that finds nobody", "^(?<patient>Z+)-", /finds no patient/],
    ["that finds an empty name", "(?<patient>Z*)", /finds no patient/],
  ])("patientPattern %s is BAD_ARGUMENT", async (_what, patientPattern, message) => {
    await writeTissue(place("good", "C-1.tif"), { seed: 7 });
    const { slides, errors } = await writingNothing(world.app.database, () =>
      register(["good/C-1.tif"], { patientPattern }),
    );
    expect(slides).toEqual([]);
    expect(errors).toEqual([
      expect.objectContaining({
        code: "BAD_ARGUMENT",
        message: expect.stringMatching(message),
        path: ["patientPattern"],
        fix: expect.stringContaining("(?<patient>"),
      }),
    ]);
  });

  it("of studies that do not exist are NOT_FOUND", async () => {
    const { errors } = await writingNothing(world.app.database, () => register(["good"], { studyKey: "nowhere" }));
    expect(errors).toEqual([expect.objectContaining({ code: "NOT_FOUND", path: ["studyKey"] })]);
  });
});

describe("embedding", () => {
  it("a slide that is broken in the middle fails alone, and is all that a retry does again", async () => {
    await mkdir(place("batch"));
    await writeTissue(place("batch/whole.tif"), { seed: 20 });
    const sound = await tissueTiff({ seed: 21 });
    await writeFile(place("batch/broken.tif"), withBrokenTile(sound));
    await writeFile(place("batch/glass.tif"), await glassTiff());
    await register(["batch"]);
    const { job } = await embed(["whole", "broken", "glass"], "batch");
    const id = job?.id ?? "";
    expect(await world.jobEnd(id)).toBe("PARTLY_FAILED");
    const failures = await failuresOf(id);
    expect(Object.fromEntries(failures.map(({ slide, code }) => [slide.key, code]))).toEqual({
      broken: "SLIDE_CORRUPT",
      glass: "NO_TISSUE",
    });
    for (const failure of failures) expect(failure.fix).toEqual(expect.any(String));
    const after = await featuresOf("batch");
    expect(after.whole).toEqual({ vectors: 16, complete: true });
    expect(after.broken?.complete ?? false).toBe(false);

    // The file comes again, whole; until it is registered anew it is not what the slide is known by.
    await writeFile(place("batch/broken.tif"), sound);
    const retry = () =>
      world.ask<{ retryJob: { job: { state: string } | null; errors: UserError[] } }>(
        "mutation($id: ID!) { retryJob(id: $id) { job { state } errors { code } } }",
        { id },
      );
    expect((await retry()).retryJob.errors).toEqual([]);
    expect(await world.jobEnd(id)).toBe("PARTLY_FAILED");
    expect((await failuresOf(id)).map(({ slide, code }) => [slide.key, code]).sort()).toEqual([
      ["broken", "CONFLICT"],
      ["glass", "NO_TISSUE"],
    ]);
    await register(["batch/broken.tif"]);
    const finished = async (key: string) => {
      const { rows } = await world.app.database.query<{ finished: string }>(
        `SELECT job.finished_at::text AS finished FROM job JOIN slide ON slide.id = job.slide_id
         WHERE slide.key = $1 AND job.kind = 'EMBED'`,
        [key],
      );
      return rows.map((row) => row.finished);
    };
    const wholeFinished = await finished("whole");
    await retry();
    expect(await world.jobEnd(id)).toBe("PARTLY_FAILED");
    expect((await failuresOf(id)).map(({ slide, code }) => [slide.key, code])).toEqual([["glass", "NO_TISSUE"]]);
    expect(await featuresOf("batch")).toMatchObject({ whole: after.whole, broken: { vectors: 16, complete: true } });
    expect(await finished("whole")).toEqual(wholeFinished);
    const { rows } = await world.app.database.query<{ twice: number }>(
      `SELECT count(*) - count(DISTINCT patch.id) AS twice FROM slide_features AS features
       JOIN feature_set ON feature_set.id = features.feature_set_id AND feature_set.key = 'batch'
       JOIN features.patch ON patch.id / 16777216 = features.grid_id`,
    );
    expect(rows[0]?.twice).toBe(0);
  });

  it("without a resolution waits for one: setSlideResolution and retryJob mend it", async () => {
    await writeTissue(place("unscaled.png"), {});
    await writeFile(
      place("unscaled.png"),
      await sharp(await tissueTiff({ seed: 30 }))
        .png()
        .toBuffer(),
    );
    await register(["unscaled.png"]);
    const { job } = await embed(["unscaled"], "resolution");
    const id = job?.id ?? "";
    expect(await world.jobEnd(id)).toBe("FAILED");
    const [failure] = await failuresOf(id);
    expect(failure).toMatchObject({ code: "RESOLUTION_UNKNOWN", fix: expect.stringContaining("setSlideResolution") });
    expect(await featuresOf("resolution")).toEqual({});

    for (const micronsPerPixel of [0, -0.5, 0.01, 50]) {
      const { setSlideResolution } = await writingNothing(world.app.database, () =>
        world.ask<{ setSlideResolution: { errors: UserError[] } }>(
          'mutation($mpp: Float!) { setSlideResolution(input: {slide: {key: {studyKey: "study", key: "unscaled"}}, micronsPerPixel: $mpp}) { errors { code path } } }',
          { mpp: micronsPerPixel },
        ),
      );
      expect(setSlideResolution.errors).toEqual([{ code: "BAD_ARGUMENT", path: ["micronsPerPixel"] }]);
    }
    // The mutation that mends it, as the failure says it.
    const mutation = /mutation \{.*\} \}(?= with)/.exec(failure?.fix ?? "")?.[0] ?? "";
    expect((await world.query(mutation)).errors).toBeUndefined();
    await world.ask("mutation($id: ID!) { retryJob(id: $id) { errors { code } } }", { id });
    expect(await world.jobEnd(id)).toBe("SUCCEEDED");
    expect(await featuresOf("resolution")).toEqual({ unscaled: { vectors: 16, complete: true } });
  });

  it("of a file that is gone is FILE_NOT_FOUND, and goes on once it is back", async () => {
    const path = await writeTissue(place("gone.tif"), { seed: 31 });
    await register(["gone.tif"]);
    const bytes = await readFile(path);
    await rm(path);
    const { job } = await embed(["gone"], "gone");
    expect(await world.jobEnd(job?.id ?? "")).toBe("FAILED");
    expect(await failuresOf(job?.id ?? "")).toEqual([expect.objectContaining({ code: "FILE_NOT_FOUND" })]);
    await writeFile(path, bytes);
    await world.ask("mutation($id: ID!) { retryJob(id: $id) { errors { code } } }", { id: job?.id });
    expect(await world.jobEnd(job?.id ?? "")).toBe("SUCCEEDED");
  });

  it("with an encoder that nobody knows is NOT_FOUND, with one known by name only ENCODER_HAS_NO_MODEL", async () => {
    const unknown = await writingNothing(world.app.database, () => embed(["A-1"], "new", { encoderKey: "unheard-of" }));
    expect(unknown.errors).toEqual([expect.objectContaining({ code: "NOT_FOUND", path: ["encoderKey"] })]);
    await world.ask(
      "mutation($input: RegisterEncoderInput!) { registerEncoder(input: $input) { encoder { key model { bytes } } errors { code message } } }",
      {
        input: {
          key: "by-name",
          name: "Somebody's",
          dims: 16,
          card: { inputPixels: 224, pixelScale: { range: [0, 1] }, input: "x", output: "y", licence: "unknown" },
        },
      },
    );
    const byName = await writingNothing(world.app.database, () => embed(["A-1"], "new", { encoderKey: "by-name" }));
    expect(byName.errors).toEqual([
      expect.objectContaining({ code: "ENCODER_HAS_NO_MODEL", fix: expect.stringContaining("registerEncoder") }),
    ]);
  });

  it.each([
    ["patchSize", { patchSize: 0 }],
    ["patchSize", { patchSize: -224 }],
    ["patchSize", { patchSize: 5000 }],
    ["micronsPerPixel", { micronsPerPixel: -0.5 }],
    ["micronsPerPixel", { micronsPerPixel: 0 }],
    ["overlap", { overlap: -1 }],
    ["overlap", { overlap: 224 }],
    ["minTissue", { minTissue: -0.1 }],
    ["minTissue", { minTissue: 1.5 }],
  ])("with an impossible grid.%s is BAD_ARGUMENT: %j", async (field, grid) => {
    const { errors, job } = await writingNothing(world.app.database, () => embed(["A-1"], "new", { grid }));
    expect([job, errors]).toEqual([null, [expect.objectContaining({ code: "BAD_ARGUMENT", path: ["grid", field] })]]);
    const tiled = await writingNothing(world.app.database, () =>
      world.ask<{ tileSlides: { job: null; errors: UserError[] } }>(
        'mutation($grid: GridInput!) { tileSlides(input: {slides: {studyKey: "study"}, grid: $grid}) { job { id } errors { code path } } }',
        { grid },
      ),
    );
    expect(tiled.tileSlides).toEqual({ job: null, errors: [{ code: "BAD_ARGUMENT", path: ["grid", field] }] });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "with a grid of %s µm/px is refused before it begins",
    async (mpp) => {
      const { errors } = await writingNothing(world.app.database, () =>
        world.query(
          'mutation($grid: GridInput!) { tileSlides(input: {slides: {studyKey: "study"}, grid: $grid}) { job { id } } }',
          { grid: { micronsPerPixel: mpp } },
        ),
      );
      expect(errors?.[0]?.message).toContain("micronsPerPixel");
    },
  );

  it("into a feature set that was cut another way is CONFLICT", async () => {
    const { errors } = await writingNothing(world.app.database, () => embed(["A-1"], "cnn", { grid: { overlap: 8 } }));
    expect(errors).toEqual([expect.objectContaining({ code: "CONFLICT", path: ["featureSetKey"] })]);
  });

  it("of two studies at once is BAD_ARGUMENT, of no study too", async () => {
    await world.ask('mutation { createStudy(input: {key: "other", name: "Other"}) { study { id } } }');
    const filters = [
      { studyKey: "study", and: [{ studyKey: "other" }] },
      { studyKey: "study", patients: { studyKey: "other" } },
      { studyKey: "study", ids: [encodeId("Slide", "other", "A-1")] },
      { studyKey: "study", not: { or: [{ studyKey: "other" }] } },
      { keys: ["A-1"] },
    ];
    for (const slides of filters) {
      const { errors } = await writingNothing(world.app.database, () => embed([], "new", { slides }));
      expect(errors, JSON.stringify(slides)).toEqual([expect.objectContaining({ code: "BAD_ARGUMENT" })]);
    }
    const list = await world.query(
      'query { slides(filter: {studyKey: "study", or: [{studyKey: "other"}]}) { totalCount } }',
    );
    expect(list.errors?.map(({ code }) => code)).toEqual(["BAD_ARGUMENT"]);
  });

  it("of slides that nobody has is NOT_FOUND", async () => {
    const { errors } = await writingNothing(world.app.database, () => embed(["nobody"], "new"));
    expect(errors).toEqual([expect.objectContaining({ code: "NOT_FOUND", path: ["slides"] })]);
  });
});

describe.skipIf(process.env.DATABASE_URL)("more patches than the embedded store can hold", () => {
  it("is STORE_TOO_SMALL before anything is stored", async () => {
    const small = await createWorld({ config: { storeMaxBytes: 2 ** 20 } });
    try {
      await writeTissue(join(small.folder, "large.tif"));
      await small.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
      await small.ask(
        'mutation { registerSlides(input: {studyKey: "study", paths: ["large.tif"]}) { errors { code } } }',
      );
      const { embedSlides } = await small.ask<{ embedSlides: { job: { id: string } } }>(
        'mutation { embedSlides(input: {slides: {studyKey: "study"}, encoderKey: "efficientnet-lite0", featureSetKey: "cnn"}) { job { id } } }',
      );
      expect(await small.jobEnd(embedSlides.job.id)).toBe("FAILED");
      const { job } = await small.ask<{ job: { failures: { nodes: UserError[] } } }>(
        "query($id: ID!) { job(id: $id) { failures { nodes { code message fix } } } }",
        { id: embedSlides.job.id },
      );
      expect(job.failures.nodes).toEqual([
        expect.objectContaining({ code: "STORE_TOO_SMALL", fix: expect.stringContaining("DATABASE_URL") }),
      ]);
      expect(await rowCounts(small.app.database)).toMatchObject({
        patch_grid: 0,
        "features.patch": 0,
        slide_features: 0,
        "features.vectors_1": 0,
      });
    } finally {
      await small.close();
    }
  });
});

describe("a similarity query", () => {
  const vector = (fill: (index: number) => number) => Array.from({ length: DIMS }, (_, index) => fill(index));
  const base64 = (values: number[]) => Buffer.from(Float32Array.from(values).buffer).toString("base64");

  it("by a vector answers", async () => {
    const { errors, data } = await similar({ to: { vector: vector((index) => index + 1) } });
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ similarPatches: { search: { matches: 32 } } });
  });

  it.each([
    ["of another dimension", () => ({ vector: [1, 2, 3] }), "DIMENSION_MISMATCH"],
    ["with NaN", () => ({ vector: base64(vector((index) => (index === 7 ? Number.NaN : 1))) }), "NOT_FINITE"],
    ["with infinity", () => ({ vector: base64(vector((index) => (index === 7 ? 1 / 0 : 1))) }), "NOT_FINITE"],
    ["with a number beyond float32", () => ({ vector: vector(() => 1e300) }), "NOT_FINITE"],
    ["of zeros", () => ({ vector: vector(() => 0) }), "BAD_ARGUMENT"],
    ["of nothing", () => ({ vector: [] }), "BAD_ARGUMENT"],
    ["that is no base64", () => ({ vector: "no vector!" }), "BAD_ARGUMENT"],
  ])("by a vector %s is refused", async (_what, to, code) => {
    const { data, errors } = await similar({ to: to() });
    expect([data, errors?.map((error) => error.code)]).toEqual([null, [code]]);
  });

  it.each([
    ["text", async () => Buffer.from("no picture"), "NOT_AN_IMAGE"],
    ["nothing", async () => Buffer.alloc(0), "NOT_AN_IMAGE"],
    ["a TIFF", () => tissueTiff({ edgePixels: 512 }), "NOT_AN_IMAGE"],
    [
      "half a PNG",
      async () => {
        const png = await sharp(await tissueTiff({ edgePixels: 512 }))
          .png()
          .toBuffer();
        return png.subarray(0, png.length / 2);
      },
      "NOT_AN_IMAGE",
    ],
    [
      "a picture smaller than a patch",
      () =>
        sharp({ create: { width: 100, height: 100, channels: 3, background: "pink" } })
          .png()
          .toBuffer(),
      "BAD_ARGUMENT",
    ],
  ])("by an image that is %s is refused", async (_what, bytes, code) => {
    const data = (await bytes()).toString("base64");
    const answer = await similar({ to: { image: { data, micronsPerPixel: 0.5 } } });
    expect(answer.errors?.map((error) => error.code)).toEqual([code]);
  });

  it.each([
    ["minRecall", { minRecall: 0 }],
    ["minRecall", { minRecall: 1.5 }],
    ["first", { first: 5000 }],
    ["first", { first: 1001 }],
    ["first", { first: 0 }],
    ["first", { first: -1 }],
  ])("with an impossible %s is BAD_ARGUMENT: %j", async (_field, more) => {
    const { data, errors } = await similar({ to: { vector: vector(() => 1) }, ...more });
    expect([data, errors?.map((error) => error.code)]).toEqual([null, ["BAD_ARGUMENT"]]);
  });

  it("with an unknown patch, feature set, or another study's is refused", async () => {
    const code = async (input: Record<string, unknown>) => (await similar(input)).errors?.[0]?.code;
    const patch = await anyPatch(world);
    expect(await code({ to: { patch: "nonsense" } })).toBe("NOT_FOUND");
    expect(await code({ to: { patch: featureSet } })).toBe("NOT_FOUND");
    expect(await code({ to: { patch }, featureSet: patch })).toBe("NOT_FOUND");
    expect(await code({ to: { patch }, featureSet: encodeId("FeatureSet", "study", "none") })).toBe("NOT_FOUND");
    expect(await code({ to: { patch }, filter: { slides: { studyKey: "other" } } })).toBe("BAD_ARGUMENT");
    expect(await code({ to: { patch }, filter: { patients: { slides: { studyKey: "other" } } } })).toBe("BAD_ARGUMENT");
  });
});

describe("a page", () => {
  /** Every connection of the graph, with a place for its arguments. */
  const CONNECTIONS: Record<string, string> = {
    studies: "{ studies(ARGS) { nodes { key } } }",
    "Study.patients": '{ study(key: "study") { patients(ARGS) { nodes { key } } } }',
    "Study.slides": '{ study(key: "study") { slides(ARGS) { nodes { key } } } }',
    patients: '{ patients(filter: {studyKey: "study"}, ARGS) { nodes { key } } }',
    slides: '{ slides(filter: {studyKey: "study"}, ARGS) { nodes { key } } }',
    "Patient.slides": '{ patient(by: {key: {studyKey: "study", key: "A"}}) { slides(ARGS) { nodes { key } } } }',
    "FeatureSet.slides": '{ featureSet(studyKey: "study", key: "cnn") { slides(ARGS) { nodes { key } } } }',
    "Cohort.patients": '{ cohort(studyKey: "study", key: "all") { patients(ARGS) { nodes { key } } } }',
    "Cohort.slides": '{ cohort(studyKey: "study", key: "all") { slides(ARGS) { nodes { key } } } }',
    jobs: "{ jobs(ARGS) { nodes { id } } }",
    "Job.children": "{ jobs(first: 1) { nodes { children(ARGS) { nodes { id } } } } }",
    "Job.failures": "{ jobs(first: 1) { nodes { failures(ARGS) { nodes { code } } } } }",
    "Phenotype.shares": '{ node(id: "PHENOTYPE") { ... on Phenotype { shares(ARGS) { nodes { patches } } } } }',
    "Phenotype.slideShares":
      '{ node(id: "PHENOTYPE") { ... on Phenotype { slideShares(ARGS) { nodes { patches } } } } }',
    "MilModel.scores": '{ milModel(studyKey: "study", key: "head") { scores(ARGS) { nodes { risk } } } }',
  };

  let phenotype: string;

  beforeAll(async () => {
    await world.ask(
      'mutation { saveCohort(input: {studyKey: "study", key: "all", name: "All", patients: {}}) { errors { code } } }',
    );
    const { buildCodebook } = await world.ask<{ buildCodebook: { job: { id: string } } }>(
      "mutation($input: BuildCodebookInput!) { buildCodebook(input: $input) { job { id } } }",
      { input: { featureSet, scope: "STUDY", clusters: 2 } },
    );
    expect(await world.jobEnd(buildCodebook.job.id)).toBe("SUCCEEDED");
    const { study } = await world.ask<{ study: { codebooks: { phenotypes: { id: string }[] }[] } }>(
      '{ study(key: "study") { codebooks { phenotypes { id } } } }',
    );
    phenotype = study.codebooks[0]?.phenotypes[0]?.id ?? "";
    const set = await world.app.prisma.featureSet.findFirstOrThrow({ where: { key: "cnn" } });
    // What a list of its scores takes; that they are right is for the tests of models to say.
    await world.app.prisma.milModel.create({
      data: {
        studyId: set.studyId,
        key: "head",
        architecture: "MEAN_POOL",
        task: {},
        unit: "PATIENT",
        featureSetId: set.id,
        bags: 0,
        slides: 0,
        parameters: {},
        card: {},
        metrics: [],
        baselines: [],
        onnxDigest: "",
        digest: "",
        trust: "VERIFIED",
        software: {},
      },
    });
  });

  it("is there for every connection of the schema", async () => {
    const { __schema } = await world.ask<{
      __schema: {
        types: { name: string; fields: { name: string; type: { ofType: { name: string | null } | null } }[] | null }[];
      };
    }>("{ __schema { types { name fields { name type { ofType { name } } } } } }");
    const found = __schema.types.flatMap(({ name, fields }) =>
      (fields ?? [])
        .filter(({ type }) => type.ofType?.name?.endsWith("Connection"))
        .map((field) => (name === "Query" ? field.name : `${name}.${field.name}`)),
    );
    expect(found.sort()).toEqual(Object.keys(CONNECTIONS).sort());
  });

  describe.each(Object.entries(CONNECTIONS))("of %s", (_name, document) => {
    const ask = (args: string) => world.query(document.replace("ARGS", args).replace("PHENOTYPE", phenotype));
    const cursor = (value: unknown) => JSON.stringify(Buffer.from(JSON.stringify(value)).toString("base64url"));

    it("has 1 to 200 nodes, and is never cut silently", async () => {
      for (const first of [5000, 201, 0, -1]) {
        const { errors } = await ask(`first: ${first}`);
        expect(
          errors?.map((error) => error.code),
          `first: ${first}`,
        ).toEqual(["BAD_ARGUMENT"]);
        expect(errors?.[0]?.fix).toEqual(expect.any(String));
      }
      expect((await ask("first: 200")).errors).toBeUndefined();
    });

    it("is not found by a cursor of another list", async () => {
      const none = ['"nonsense"', '""', cursor("A-1"), cursor([]), cursor([null]), cursor([{}]), cursor([1, 2, 3])];
      for (const after of none) {
        const { errors } = await ask(`after: ${after}`);
        expect(
          errors?.map((error) => error.code),
          after,
        ).toEqual(["BAD_ARGUMENT"]);
      }
      // Well-formed, of this length or that, but of another list: refused or past the end, never a fault.
      for (const after of [["A-1"], [7], ["x", "y"], [7, 7], ["2026-01-01T00:00:00.000Z", "y"]]) {
        const { errors } = await ask(`after: ${cursor(after)}`);
        for (const error of errors ?? []) expect(error.code, JSON.stringify(after)).toBe("BAD_ARGUMENT");
      }
    });
  });

  it("of nodes has 200 ids at most", async () => {
    const { errors } = await world.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {
      ids: Array(201).fill(featureSet),
    });
    expect(errors?.map((error) => error.code)).toEqual(["BAD_ARGUMENT"]);
  });
});
