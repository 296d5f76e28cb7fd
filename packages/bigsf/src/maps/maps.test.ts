import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFits, makeHeader } from "@ml-mosaic/fits";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { startTally, tallyNotes } from "./map-tally.ts";
import { type MapPaths, openMaps } from "./maps.ts";

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

const values = Float32Array.from({ length: 12 }, (_, i) => i);

async function write(name: string, options: Parameters<Awaited<ReturnType<typeof createFits>>["image"]>[0]) {
  await using writer = await createFits(at(name));
  await writer.image(options);
  await writer.close();
}

beforeAll(async () => {
  await write("plain.fits", { shape: [3, 4], data: values });
  await write("swapped.fits", { shape: [4, 3], data: values });
  await write("small.fits", { shape: [2, 4], data: values.slice(0, 8) });
  await write("cube.fits", { shape: [3, 2, 2], data: values });
  await write("degenerate.fits", { shape: [1, 1, 3, 4], data: values });
  await write("packed.fits.gz", { shape: [3, 4], data: values });
  await write("tiles.fits", { shape: [3, 4], data: Int16Array.from(values), compression: { type: "RICE_1" } });
  await write("cut.fits", { shape: [3, 4], data: values });
  truncateSync(at("cut.fits"), 2890);
  writeFileSync(at("text.fits"), "<html>not found</html>".padEnd(3000));
});

function paths(image: string, target: string, missing: string, background: string): MapPaths {
  return { image: at(image), target: at(target), missing: at(missing), background: at(background) };
}

test("all encodings of the same map", async () => {
  const maps = await openMaps(paths("plain.fits", "degenerate.fits", "packed.fits.gz", "tiles.fits"));
  expect(maps.shape).toEqual([3, 4]);
  const { image, target, labelled, width } = await maps.section(1, 3, 1, 4);
  expect(width).toBe(3);
  expect(image).toEqual(Float64Array.of(5, 6, 7, 9, 10, 11));
  expect(target).toEqual(Float32Array.of(5, 6, 7, 9, 10, 11));
  expect(labelled).toEqual(new Uint8Array(6).fill(1));
  await maps.close();
});

test("everything that is wrong, at once", async () => {
  const wrong = openMaps(paths("plain.fits", "swapped.fits", "small.fits", "nowhere.fits"));
  await expect(wrong).rejects.toMatchObject({ code: "MAP" });
  const message = await wrong.then(() => "", String);
  expect(message.split("\n")).toHaveLength(4);
  expect(message).toContain("The maps cannot be used, 3 problems:");
  expect(message).toContain(`background: ${at("nowhere.fits")}: cannot be opened: ENOENT`);
  expect(message).toContain(
    `target: ${at("swapped.fits")} has 4 rows of 3 pixels, but the image ${at("plain.fits")} has 3 rows of 4 pixels; its axes are swapped: transpose it`,
  );
  expect(message).toContain(
    `missing: ${at("small.fits")} has 2 rows of 4 pixels, but the image ${at("plain.fits")} has 3 rows of 4 pixels; give maps of the same pixels`,
  );
});

test.each([
  ["cube.fits", /image: .*cube\.fits, HDU 0 .*a map has two axes, this image has the shape 3 x 2 x 2/],
  ["cut.fits", /image: .*cut\.fits, HDU 0 .*the file ends/],
  ["text.fits", /image: .*text\.fits.*it is no FITS file/],
  ["missing/image.fits", /image: .*missing\/image\.fits: cannot be opened/],
])("%s is no map", async (name, message) => {
  await expect(openMaps(paths(name, "plain.fits", "plain.fits", "plain.fits"))).rejects.toThrow(message);
});

async function notesOf(pixels: readonly number[], target: readonly number[] = [0, 1]): Promise<readonly string[]> {
  const tally = startTally();
  tally.add({
    width: pixels.length,
    raw: Float64Array.from(pixels),
    image: Float64Array.from(pixels),
    others: [],
    target: Float32Array.from(target),
    labelled: Uint8Array.of(1, 1),
    valid: Uint8Array.of(1, 1),
  });
  return tallyNotes(tally.finish(), { image: "/a/image.fits", target: "t.fits", missing: "m", background: "b" });
}

test("notes on what a map has", async () => {
  expect(await notesOf([1, 2, 3])).toEqual([]);
  expect(await notesOf([1, 2, Number.NaN, 4])).toEqual(["image.fits: 25.0 % of the pixels are NaN; they count as 0."]);
  expect(await notesOf([1, 2, Number.POSITIVE_INFINITY])).toEqual(["image.fits: 1 infinite pixel counts as 0."]);
  expect((await notesOf([1, -2, -3])).join()).toContain("2 negative pixels stay as they are");
  expect((await notesOf([5, 5])).join()).toBe("image.fits: all its pixels are 5; there is nothing to be seen.");
  expect((await notesOf([1, 2], [0, 255])).join()).toContain("t.fits: its values go from 0 to 255; losses expect 1");
  expect((await notesOf([1, 2], [0, 0])).join()).toBe("t.fits: no labelled pixel lies on a filament.");
  expect((await notesOf([1, 2], [1, 1])).join()).toBe(
    "b: every labelled pixel lies on a filament; a model learns to find them everywhere.",
  );
});

test("maps of different parts of the sky are refused, all of them at once, unless that is meant", async () => {
  const header = (longitude: number) =>
    makeHeader({ CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL1: longitude, CDELT1: -0.003, CDELT2: 0.003 });
  await write("here.fits", { shape: [3, 4], data: values, header: header(30) });
  await write("there.fits", { shape: [3, 4], data: values, header: header(30.5) });
  const given = paths("here.fits", "there.fits", "plain.fits", "there.fits");
  const message = await openMaps(given).then(() => "", String);
  expect(message).toContain("The maps cannot be used, 2 problems:");
  expect(message).toContain(
    `target: ${at("there.fits")} does not lie on the image ${at("here.fits")}: the pixel in row`,
  );
  expect(message).toContain("167 pixels apart; give maps of the same pixels, or coordinates: ignore");
  const maps = await openMaps(given, { coordinates: "ignore" });
  await maps.close();
});

test("a map that is smaller than a patch says that it is filled up", async () => {
  const file = "plain.fits";
  const maps = await openMaps(paths(file, file, file, file), { least: 4 });
  expect(maps.shape).toEqual([4, 4]);
  expect(maps.notes).toEqual(["plain.fits: filled up from 3 rows of 4 pixels to 4 of 4; what is added is missing."]);
  await maps.close();
});
