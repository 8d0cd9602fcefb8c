import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { type RunningCommand, runCommand } from "./support/commandLine.ts";
import { glassTiff, tissueTiff, withBrokenTile, writeTissue } from "./support/files.ts";
import { ownDatabase } from "./support/world.ts";

/** Folders carry names of people. Whatever happens, none leaves the server: no answer, no picture's body, no log line. */

const SECRET = "secret-Mustermann-dir";

let home: string;
let folder: string;
let given: Awaited<ReturnType<typeof ownDatabase>> | undefined;
let server: RunningCommand;
let url: string;
/** Everything that came over HTTP. */
const heard: string[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "histoql-privacy-"));
  given = process.env.DATABASE_URL ? await ownDatabase(process.env.DATABASE_URL) : undefined;
  folder = join(home, SECRET);
  await mkdir(join(folder, "more"), { recursive: true });
  await mkdir(join(home, `${SECRET}-outside`));
  await writeTissue(join(home, `${SECRET}-outside`, "out.tif"));
  await symlink(join(home, `${SECRET}-outside`, "out.tif"), join(folder, "link.tif"));
  await writeTissue(join(folder, "good.tif"), { seed: 1 });
  await writeTissue(join(folder, "lost.tif"), { seed: 2 });
  await writeTissue(join(folder, "changed.tif"), { seed: 3 });
  await writeTissue(join(folder, "more/good.tif"), { seed: 4 });
  await writeFile(join(folder, "glass.tif"), await glassTiff());
  const whole = await tissueTiff({ seed: 5 });
  await writeFile(join(folder, "broken.tif"), withBrokenTile(whole));
  await writeFile(join(folder, "short.tif"), whole.subarray(0, whole.length / 2));
  await writeFile(join(folder, "text.svs"), "no slide");
  await writeFile(join(folder, "scan.czi"), "ZISRAWFILE and more");
  await writeFile(join(folder, "empty.tif"), "");
  await writeFile(join(folder, "unreadable.jpg"), Buffer.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3));
  await writeFile(join(folder, "unreadable.png"), Buffer.from("\x89PNG\r\n\x1a\nno more"));
  server = runCommand(["serve", "--port", "0", "--data", join(home, "data"), "--root", folder], {
    HISTOQL_LOG: "trace",
    DATABASE_URL: given?.url,
  });
  url = (await server.said(/listens on (http:\S+)/))[1] ?? "";
});
afterAll(async () => {
  server.child.kill("SIGKILL");
  await server.ended;
  await given?.drop();
  await rm(home, { recursive: true, force: true });
});

const ask = async <Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> => {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  heard.push(text);
  return JSON.parse(text).data as Data;
};

const picture = async (address: string): Promise<number> => {
  const response = await fetch(address, { headers: { connection: "close" } });
  heard.push(JSON.stringify([...response.headers]), Buffer.from(await response.arrayBuffer()).toString("latin1"));
  return response.status;
};

const jobEnd = async (id: string): Promise<string> => {
  for (;;) {
    const { job } = await ask<{ job: { state: string } }>(
      "query($id: ID!) { job(id: $id) { state progress { done total message } } }",
      { id },
    );
    if (job.state !== "QUEUED" && job.state !== "RUNNING") return job.state;
    await new Promise((wake) => setTimeout(wake, 100));
  }
};

const EMBED =
  'mutation($key: String!) { embedSlides(input: {slides: {studyKey: "s"}, encoderKey: "efficientnet-lite0", featureSetKey: $key}) { job { id } errors { code message fix path } } }';

const failures = async (id: string) => {
  const { job } = await ask<{ job: { failures: { nodes: { code: string }[] } } }>(
    "query($id: ID!) { job(id: $id) { failures(first: 200) { nodes { code message fix slide { key } } } children(first: 200) { nodes { id state } } } }",
    { id },
  );
  return job.failures.nodes.map(({ code }) => code).sort();
};

/** As it is, and as it would look inside an id or another base64 text. */
const disguises = (name: string): string[] => [
  name,
  encodeURIComponent(name),
  ...["", "x", "xy"].map((before) =>
    Buffer.from(before + name)
      .toString("base64url")
      .slice(4, -4),
  ),
];

it("no folder's name leaves the server, whatever fails", async () => {
  await ask('mutation { createStudy(input: {key: "s", name: "S"}) { study { id } } }');
  const { registerSlides } = await ask<{ registerSlides: { slides: object[]; errors: { code: string }[] } }>(
    "mutation($input: RegisterSlidesInput!) { registerSlides(input: $input) { slides { id key image { checksum vendor properties thumbnailUrl tilesUrl } } errors { code message fix path } } }",
    {
      input: {
        studyKey: "s",
        paths: [
          folder,
          "link.tif",
          "absent.tif",
          `${folder}/absent/*.tif`,
          `../${SECRET}-outside/*.tif`,
          `{..,x}/${SECRET}-outside/*.tif`,
          `${folder}-outside/out.tif`,
          "/",
        ],
      },
    },
  );
  expect(registerSlides.slides).toHaveLength(5);
  expect([...new Set(registerSlides.errors.map(({ code }) => code))].sort()).toEqual(
    expect.arrayContaining(["DUPLICATE_KEY", "FILE_NOT_FOUND", "FORBIDDEN", "FORMAT_UNSUPPORTED", "SLIDE_CORRUPT"]),
  );
  expect(registerSlides.errors.length).toBeGreaterThanOrEqual(12);

  await rm(join(folder, "lost.tif"));
  await writeTissue(join(folder, "changed.tif"), { seed: 9 });
  const { embedSlides } = await ask<{ embedSlides: { job: { id: string } } }>(EMBED, { key: "cnn" });
  expect(await jobEnd(embedSlides.job.id)).toBe("PARTLY_FAILED");
  expect(await failures(embedSlides.job.id)).toEqual(["CONFLICT", "FILE_NOT_FOUND", "NO_TISSUE", "SLIDE_CORRUPT"]);
  await ask("mutation($id: ID!) { retryJob(id: $id) { job { state } errors { message } } }", {
    id: embedSlides.job.id,
  });
  await jobEnd(embedSlides.job.id);
  await failures(embedSlides.job.id);

  for (const encoder of ["good.tif", `${folder}-outside/out.tif`, "absent.onnx", ".", "text.svs"]) {
    await ask(
      "mutation($input: RegisterEncoderInput!) { registerEncoder(input: $input) { encoder { key } errors { code message fix path } } }",
      {
        input: {
          key: "theirs",
          name: "Theirs",
          dims: 8,
          path: encoder,
          card: { inputPixels: 8, pixelScale: { range: [0, 1] }, input: "i", output: "o", licence: "none" },
        },
      },
    );
  }

  const { slides } = await ask<{
    slides: { nodes: { key: string; image: { thumbnailUrl: string; tilesUrl: string } }[] };
  }>(
    '{ slides(filter: {studyKey: "s"}) { nodes { key stain clinical image { properties thumbnailUrl tilesUrl } grids { id maskUrl lineage { parameters software } } } } }',
  );
  const statuses = new Map<string, number[]>();
  for (const { key, image } of slides.nodes) {
    const tile = image.tilesUrl.replace(".dzi?", "_files/10/2_2.jpeg?");
    const found = [await picture(image.thumbnailUrl), await picture(image.tilesUrl), await picture(tile)];
    statuses.set(key, found);
  }
  expect(statuses.get("good")).toEqual([200, 200, 200]);
  expect(statuses.get("lost")).toEqual([404, 404, 404]);
  await picture(`${url}/pictures/slides/${encodeId("Slide", "s", "good")}/label.jpg`);
  await ask(
    '{ featureSet(studyKey: "s", key: "cnn") { lineage { parameters software staleReason } } jobs { nodes { id kind failures { nodes { message } } } } viewer { limits roles } }',
  );

  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  const { stdout, stderr } = server.output();
  // It did log: an empty log would prove nothing.
  expect(stderr.split("\n").length).toBeGreaterThan(20);
  expect(stderr).toContain("job failed");
  for (const name of disguises(SECRET)) {
    for (const [where, texts] of Object.entries({ answers: heard, log: stderr.split("\n"), output: [stdout] })) {
      expect(
        texts.filter((text) => text.toLowerCase().includes(name.toLowerCase())),
        `${where}: ${name}`,
      ).toEqual([]);
    }
  }
}, 180_000);
