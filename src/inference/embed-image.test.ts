import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { embedImage } from "./embed-image.ts";
import { createEncoderSession, type EncoderSession } from "./encoder-session.ts";
import { channelMeans, tinyCard } from "./tiny-encoders.ts";

let session: EncoderSession;
beforeAll(async () => {
  session = await createEncoderSession({ card: tinyCard(), model: channelMeans() });
});
afterAll(() => session.close());

/** A red square of `inner` pixels in the middle of a blue picture of `outer`. */
const target = (outer: number, inner: number) =>
  sharp({ create: { width: outer, height: outer, channels: 3, background: "#0000ff" } }).composite([
    {
      input: { create: { width: inner, height: inner, channels: 3, background: "#ff0000" } },
      left: (outer - inner) / 2,
      top: (outer - inner) / 2,
    },
  ]);

const embed = (image: Uint8Array, changes: Partial<Parameters<typeof embedImage>[0]> = {}) =>
  embedImage({ image, imageMicronsPerPixel: 0.5, patchSizePixels: 32, micronsPerPixel: 0.5, session, ...changes });

test("the middle of the image is embedded, as large as a patch is at the image's resolution", async () => {
  const image = await target(200, 64).png().toBuffer();
  const red = [255, 0, 0];
  expect([...(await embed(image))]).toEqual(red);
  // At 0.25 µm/px the same patch covers 64 pixels a side: the square and nothing else.
  expect([...(await embed(image, { imageMicronsPerPixel: 0.25 }))]).toEqual(red);
  const [r = 0, , b = 0] = await embed(image, { imageMicronsPerPixel: 0.125 });
  expect(r / 255).toBeCloseTo(0.25, 1);
  expect(b / 255).toBeCloseTo(0.75, 1);
});

test("JPEG, grey, palette, transparent, 16-bit and rotated images are read as RGB", async () => {
  const red = target(64, 64);
  const [r = 0, g = 0] = await embed(await red.clone().jpeg({ quality: 95 }).toBuffer());
  expect(r).toBeGreaterThan(245);
  expect(g).toBeLessThan(10);
  const grey = sharp({ create: { width: 40, height: 40, channels: 3, background: "#808080" } });
  expect([...(await embed(await grey.clone().toColourspace("b-w").png().toBuffer()))]).toEqual([128, 128, 128]);
  expect([...(await embed(await grey.clone().png({ palette: true }).toBuffer()))]).toEqual([128, 128, 128]);
  const clear = sharp({ create: { width: 40, height: 40, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } });
  expect([...(await embed(await clear.png().toBuffer()))]).toEqual([255, 255, 255]);
  const deep = grey.clone().toColourspace("rgb16").png();
  (await embed(await deep.toBuffer())).forEach((value) => {
    expect(Math.abs(value - 128)).toBeLessThanOrEqual(1);
  });
  const lying = sharp({ create: { width: 80, height: 33, channels: 3, background: "#ff0000" } }).withMetadata({
    orientation: 6,
  });
  expect((await embed(await lying.jpeg().toBuffer())).length).toBe(3);
});

test("what is not a PNG or JPEG is NOT_AN_IMAGE", async () => {
  const whole = await target(64, 64).jpeg().toBuffer();
  for (const bytes of [
    new Uint8Array(),
    Buffer.from("hello"),
    Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'/>"),
    await target(64, 64).webp().toBuffer(),
    whole.subarray(0, whole.length / 2),
    (await target(64, 64).png().toBuffer()).subarray(0, 90),
  ]) {
    await expect(embed(bytes)).rejects.toMatchObject({ code: "NOT_AN_IMAGE", fix: expect.any(String) });
  }
});

test("an image smaller than a patch, and a resolution that cannot be compared, are BAD_ARGUMENT", async () => {
  const image = await target(64, 64).png().toBuffer();
  await expect(embed(image, { patchSizePixels: 65 })).rejects.toMatchObject({
    code: "BAD_ARGUMENT",
    message: expect.stringContaining("64 by 64"),
  });
  for (const imageMicronsPerPixel of [0, -1, Number.NaN, 0.01, 2.1, 30]) {
    await expect(embed(image, { imageMicronsPerPixel })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      inputPath: ["image", "micronsPerPixel"],
    });
  }
});
