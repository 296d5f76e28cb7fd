import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFits, makeHeader } from "@ml-mosaic/fits";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSourceMap } from "./source-map.ts";

let folder = "";
let path = "";
const pixels = Float32Array.from({ length: 12 }, (_, i) => (i === 5 ? Number.NaN : i));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "source-map-"));
  path = join(folder, "maps.fits");
  await using writer = await createFits(path);
  await writer.image({ shape: [] });
  await writer.image({ name: "SPECTRUM", shape: [7], data: new Float32Array(7) });
  await writer.image({ name: "DEEP", shape: [1, 3, 1, 4], data: pixels, header: makeHeader({ OBJECT: "deep" }) });
  await writer.image({ name: "SCI", shape: [2, 2], data: Int16Array.of(1, 2, 3, 4) });
  await writer.image({ name: "CUBE", shape: [2, 2, 2], data: new Float32Array(8) });
  await writer.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the first image of two axes is the map, whatever its axes of length 1", async () => {
  const map = await openSourceMap(path);
  expect(map).toMatchObject({ name: `${path}[2]`, height: 3, width: 4, shape: [1, 3, 1, 4] });
  expect(map.header.cards.find(({ keyword }) => keyword === "OBJECT")?.value).toBe("deep");
  expect(await map.read(1, 3)).toEqual(pixels.subarray(4));
  await map.close();
});

test.each(["[3]", "[SCI]", "[sci]"])("an HDU is found by number and by name: %s", async (which) => {
  const map = await openSourceMap(`${path}${which}`);
  expect(await map.read(0, 2)).toEqual(Float32Array.of(1, 2, 3, 4));
  await map.close();
});

test("a file whose own name ends in brackets can be opened", async () => {
  const odd = join(folder, "map.fits[3]");
  copyFileSync(path, odd);
  const map = await openSourceMap(odd);
  expect(map.height).toBe(3);
  await map.close();
});

test("what is no map is an error that says what is there", async () => {
  await expect(openSourceMap(`${path}[CUBE]`)).rejects.toThrow(
    /maps\.fits\[CUBE\] has no image of two axes: HDU 4 is 2 x 2 x 2\. There is .*\[2\] and .*\[3\]\.$/,
  );
  await expect(openSourceMap(`${path}[0]`)).rejects.toThrow(/HDU 0 is no pixels/);
  await expect(openSourceMap(`${path}[9]`)).rejects.toThrow(/no HDU 9.*3 SCI/);
  await expect(openSourceMap(join(folder, "other.fits"))).rejects.toThrow(/other\.fits/);
});
