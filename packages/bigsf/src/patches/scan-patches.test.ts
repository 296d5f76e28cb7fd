/** The scan against looking into every patch, on random maps. */
import type { Header } from "@ml-mosaic/fits";
import { emptyHeader } from "@ml-mosaic/fits";
import { assert, asyncProperty, integer, record } from "fast-check";
import { expect, test } from "vitest";
import type { MapSection, Maps } from "../maps/maps.ts";
import { layOutPicture } from "../pictures/picture-layout.ts";
import { startKeptArea } from "./kept-area.ts";
import { patchGrid } from "./patch-grid.ts";
import { HAS_LABELS, HAS_MIXED_TARGET, HAS_SIGNAL, HAS_TARGET, isKept } from "./patch-rules.ts";
import { scanPatches } from "./scan-patches.ts";

const header: Header = emptyHeader;

/** A map in memory; its sections are what the scan asks for. */
function mapsOf(height: number, width: number, seed: number): { maps: Maps; whole: MapSection } {
  let state = seed;
  const random = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
  const sparse = 1 + Math.floor(random() * 40);
  const pixel = () => (random() < 1 / sparse ? 1 : 0);
  const fill = Math.round(random());
  const pixels = Array.from({ length: height * width });
  const whole: MapSection = {
    width,
    image: Float64Array.from(pixels, () => pixel() * (random() - 0.3)),
    others: [],
    target: Float32Array.from(pixels, () => (pixel() === 1 ? 1 - fill : fill)),
    labelled: Uint8Array.from(pixels, pixel),
    valid: new Uint8Array(height * width).fill(1),
    raw: new Float64Array(height * width),
  };
  const section = async (y0: number, y1: number, x0: number, x1: number): Promise<MapSection> => {
    expect([x0, x1]).toEqual([0, width]);
    const [from, to] = [y0 * width, y1 * width];
    const { image, target, labelled, valid, raw } = whole;
    return {
      width,
      image: image.slice(from, to),
      others: [],
      target: target.slice(from, to),
      labelled: labelled.slice(from, to),
      valid: valid.slice(from, to),
      raw: raw.slice(from, to),
    };
  };
  const path = "map.fits";
  const paths = { image: path, target: path, missing: path, background: path };
  const maps: Maps = {
    paths,
    notes: [],
    shape: [height, width],
    inside: [height, width],
    header,
    section,
    digests: async () => paths,
    close: async () => {},
  };
  return { maps, whole };
}

function flagsOf({ width, image, target, labelled }: MapSection, y0: number, x0: number, size: number): number {
  const inside = [...Array(size * size).keys()].map((i) => (y0 + Math.floor(i / size)) * width + x0 + (i % size));
  const values = new Set(inside.map((i) => target[i]));
  return (
    (inside.some((i) => (image[i] ?? 0) > 0) ? HAS_SIGNAL : 0) |
    (inside.some((i) => labelled[i] === 1) ? HAS_LABELS : 0) |
    (inside.some((i) => target[i] !== 0) ? HAS_TARGET : 0) |
    (values.size > 1 ? HAS_MIXED_TARGET : 0)
  );
}

const sizes = record({
  height: integer({ min: 1, max: 30 }),
  width: integer({ min: 1, max: 30 }),
  size: integer({ min: 1, max: 12 }),
  stride: integer({ min: 1, max: 9 }),
  rowsAtOnce: integer({ min: 1, max: 7 }),
  seed: integer(),
});

test("every position in raster order, with what is in its patch, and the area that kept ones cover", async () => {
  await assert(
    asyncProperty(sizes, async ({ height, width, size, stride, rowsAtOnce, seed }) => {
      const { maps, whole } = mapsOf(Math.max(height, size), Math.max(width, size), seed);
      const grid = patchGrid(maps.shape, { patchSize: size, stride });
      const area = startKeptArea(grid, layOutPicture(maps.shape));
      const expectedArea = new Uint8Array(whole.image.length);
      const found: number[][] = [];
      const sections: number[] = [];
      const onSection = (section: MapSection, first: number) => {
        sections.push(first);
        expect(section.image.length % maps.shape[1]).toBe(0);
      };
      for await (const row of scanPatches(maps, grid, { sectionPixels: rowsAtOnce * maps.shape[1], onSection })) {
        area.add(row);
        for (const [i, flags] of row.flags.entries()) found.push([row.y0, i * stride, flags]);
      }
      const expected: number[][] = [];
      for (let y = 0; y + size <= maps.shape[0]; y += stride) {
        for (let x = 0; x + size <= maps.shape[1]; x += stride) {
          const flags = flagsOf(whole, y, x, size);
          expected.push([y, x, flags]);
          if (!isKept(flags)) continue;
          for (let row = y; row < y + size; row++)
            expectedArea.fill(1, row * maps.shape[1] + x, row * maps.shape[1] + x + size);
        }
      }
      expect(found).toEqual(expected);
      expect(sections).toEqual([...Array(Math.ceil(maps.shape[0] / rowsAtOnce)).keys()].map((i) => i * rowsAtOnce));
      expect(found).toHaveLength(grid.candidates);
      expect(area.finish()).toEqual(expectedArea);
    }),
    { numRuns: 300 },
  );
});

test("a scan can be stopped", async () => {
  const { maps } = mapsOf(20, 20, 1);
  const scan = scanPatches(maps, patchGrid(maps.shape, { patchSize: 4, stride: 1 }), {
    signal: AbortSignal.abort(new Error("enough")),
  });
  await expect(scan.next()).rejects.toThrow("enough");
});

test("a map that is one pixel smaller than a patch", () => {
  expect(() => patchGrid([31, 200], { patchSize: 32, stride: 1 })).toThrow(
    "The map has 31 rows of 200 pixels: no patch of 32 x 32 fits into it. Give a patch_size of 31 or less, or a larger map.",
  );
  expect(() => patchGrid([200, 31], { patchSize: 32, stride: 1 })).toThrow("patch_size of 31 or less");
  expect(patchGrid([32, 33], { patchSize: 32, stride: 1 }).candidates).toBe(2);
});
