import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { createFits, makeHeader } from "@ml-mosaic/fits";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { openPlane } from "./plane.ts";

let folder = "";
let path = "";
const pixels = Float32Array.from({ length: 12 }, (_, i) => (i === 5 ? Number.NaN : i));

beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, "maps.fits");
  await using writer = await createFits(path);
  await writer.image({ shape: [] });
  await writer.image({ name: "SPECTRUM", shape: [7], data: new Float32Array(7) });
  await writer.image({ name: "DEEP", shape: [1, 3, 1, 4], data: pixels, header: makeHeader({ OBJECT: "deep" }) });
  await writer.image({ name: "SCI", shape: [2, 2], data: Int16Array.of(1, 2, 3, 4) });
  await writer.image({ name: "CUBE", shape: [2, 2, 2], data: new Float32Array(8) });
  await writer.close();
});

test("the first image of two axes is the map, whatever its axes of length 1", async () => {
  const map = await openPlane(path);
  expect(map).toMatchObject({ path, shape: [3, 4], imageShape: [1, 3, 1, 4] });
  expect(map.header.cards.find(({ keyword }) => keyword === "OBJECT")?.value).toBe("deep");
  expect(await map.section(1, 3, 0, 4)).toEqual(Float64Array.from(pixels.subarray(4)));
  expect(await map.section(0, 2, 1, 3)).toEqual(Float64Array.of(1, 2, Number.NaN, 6));
  await map.close();
});

test.each(["[3]", "[SCI]", "[sci]"])("an HDU is found by number and by name: %s", async (which) => {
  const map = await openPlane(`${path}${which}`);
  expect(await map.section(0, 2, 0, 2)).toEqual(Float64Array.of(1, 2, 3, 4));
  await map.close();
});

test("a file whose own name ends in brackets can be opened", async () => {
  const odd = join(folder, "map.fits[3]");
  copyFileSync(path, odd);
  const map = await openPlane(odd);
  expect(map.shape).toEqual([3, 4]);
  await map.close();
});

test("what is no map is an error that names file and HDU", async () => {
  await expect(openPlane(`${path}[CUBE]`)).rejects.toThrow(/maps\.fits, HDU 4 .*a map has two axes.*2 x 2 x 2/);
  await expect(openPlane(`${path}[0]`)).rejects.toThrow(/maps\.fits/);
  await expect(openPlane(`${path}[9]`)).rejects.toThrow(/no HDU image 9|no HDU 9.*3 SCI/);
  await expect(openPlane(join(folder, "other.fits"))).rejects.toThrow(/other\.fits/);
});

describe("a plane of a cube", () => {
  let cube = "";
  beforeAll(async () => {
    cube = join(folder, "cube.fits");
    await using writer = await createFits(cube);
    const header = makeHeader({ CRPIX3: 1, CRVAL3: 10, CDELT3: 2, CTYPE3: "VELO" });
    await writer.image({ shape: [3, 2, 2], data: Float32Array.from({ length: 12 }, (_, i) => i), header });
    await writer.close();
  });

  test.each(["[0][2]", "[PRIMARY][2]", "[2]"])("%s", async (brackets) => {
    const map = await openPlane(cube + brackets);
    expect(map).toMatchObject({ shape: [2, 2], imageShape: [1, 2, 2], axes: [1, 2] });
    expect(await map.section(0, 2, 0, 2)).toEqual(Float64Array.of(8, 9, 10, 11));
    // The plane's velocity is still 14.
    expect(map.header.cards.find(({ keyword }) => keyword === "CRPIX3")?.value).toBe(-1);
    expect(await map.digest()).toMatch(/\[2\]$/);
    await map.close();
  });

  test.each([
    ["[0][3]", /there is no plane 3: they count from 0 to 2/],
    ["[0]", /a map has two axes, this image has the shape 3 x 2 x 2.*cube\.fits\[PRIMARY\]\[0\]/],
  ])("%s is none", async (brackets, message) => {
    await expect(openPlane(cube + brackets)).rejects.toThrow(message);
  });

  test("a map has no planes; numbers of HDUs go first", async () => {
    await expect(openPlane(`${path}[DEEP][1]`)).rejects.toThrow(/has the shape 1 x 3 x 1 x 4 and so no planes/);
    const map = await openPlane(`${path}[CUBE][1]`);
    expect(map.shape).toEqual([2, 2]);
    await map.close();
  });
});
