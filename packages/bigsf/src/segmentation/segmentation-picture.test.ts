import { makeHeader } from "@ml-mosaic/fits";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { expect, test } from "vitest";
import { startSegmentationPicture } from "./segmentation-picture.ts";

const outline = [0x56, 0xb4, 0xe9];

/** Draws a map whose mask is one rectangle, given in rows of different heights. @returns where the outline is, in dots */
async function drawn([height, width]: readonly [number, number], [y0, y1, x0, x1]: readonly number[] = []) {
  const picture = startSegmentationPicture({
    mapShape: [height, width],
    header: makeHeader({ BUNIT: "cm-2" }),
    title: "map.fits",
    note: undefined,
    threshold: 0.5,
  });
  for (let firstRow = 0; firstRow < height; firstRow += 7) {
    const rowCount = Math.min(7, height - firstRow);
    const at = (i: number) => [firstRow + Math.floor(i / width), i % width] as const;
    const pixels = { length: rowCount * width };
    const values = Float64Array.from(pixels, (_, i) => at(i)[0] + at(i)[1]);
    const mask = Uint8Array.from(pixels, (_, i) => {
      const [y, x] = at(i);
      return y >= (y0 ?? 0) && y < (y1 ?? 0) && x >= (x0 ?? 0) && x < (x1 ?? 0) ? 1 : 0;
    });
    picture.add({ firstRow, rowCount, probability: new Float32Array(rowCount * width), values }, mask);
  }
  const image = await loadImage(Buffer.from(await picture.draw("a mask")));
  const context = createCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const dots: [number, number][] = [];
  for (let i = 0; i < data.length; i += 4)
    if (outline.every((level, channel) => Math.abs((data[i + channel] ?? 0) - level) < 40))
      dots.push([Math.floor(i / 4 / image.width), (i / 4) % image.width]);
  return { dots, image };
}

/** Of the dots that are not those of the legend below. */
function extent(dots: readonly (readonly [number, number])[], bottom: number) {
  const inMap = dots.filter(([y]) => y < bottom);
  const [ys, xs] = [inMap.map(([y]) => y), inMap.map(([, x]) => x)];
  return [Math.min(...ys), Math.max(...ys), Math.min(...xs), Math.max(...xs)].map((each) => each ?? Number.NaN);
}

test("the outline runs around the mask, first row at the bottom", async () => {
  const { dots, image } = await drawn([100, 150], [10, 30, 60, 120]);
  const [top = 0, bottom = 0, left = 0, right = 0] = extent(dots, image.height - 60);
  // A pixel of the map is a square of the same number of dots along both axes.
  const zoom = (right - left) / 60;
  expect(zoom).toBeGreaterThan(4);
  expect((bottom - top) / zoom).toBeCloseTo(20, 0);
  const lower = await drawn([100, 150], [0, 20, 60, 120]);
  const [lowerTop = 0] = extent(lower.dots, image.height - 60);
  expect((lowerTop - top) / zoom).toBeCloseTo(10, 0);
});

test("a filament that is thinner than a cell of the picture is not lost", async () => {
  const { dots, image } = await drawn([2000, 2500], [700, 701, 500, 2000]);
  const [top = 0, bottom = 0, left = 0, right = 0] = extent(dots, image.height - 60);
  expect(right - left).toBeGreaterThan(600);
  expect(bottom - top).toBeLessThan(8);
});

test("a map without filaments has no outline but in its legend", async () => {
  const { dots, image } = await drawn([100, 150]);
  expect(dots.filter(([y]) => y < image.height - 60)).toEqual([]);
  expect(dots.length).toBeGreaterThan(20);
});
