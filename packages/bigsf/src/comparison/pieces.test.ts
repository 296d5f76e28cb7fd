import { expect, test } from "vitest";
import { piecesOf } from "./pieces.ts";

const width = 12;
/** Rows of "#" on filaments, "." labelled background, " " unknown. */
const drawing = [
  "............",
  ".########...",
  "............",
  "............",
  ".#####......",
  ".#####......",
  ".#####......",
  "............",
  "         ...",
  "         ###",
];
const pixels = [...drawing.join("")];
const layer = (of: (mark: string, pixel: number) => number) => Float64Array.from(pixels, of);
const truth = Uint8Array.from(pixels, (mark) => Number(mark === "#"));
const labelled = Uint8Array.from(pixels, (mark) => Number(mark !== " "));
const row = (pixel: number) => Math.floor(pixel / width);

test("filaments are found by half of their skeleton, short ones do not count, and what touches none is invented", () => {
  // A finds five of the eight pixels of the first filament, B three; B also a line of background, and one that is unknown.
  const a = layer((_, pixel) => (row(pixel) === 1 && pixel % width < 6 ? 0.9 : 0.1));
  const b = layer((_, pixel) =>
    (row(pixel) === 1 && pixel % width < 4) || row(pixel) === 7 || row(pixel) === 8 || row(pixel) === 6 ? 0.9 : 0.1,
  );
  const image = layer((mark, pixel) => (mark !== "#" ? 10 : row(pixel) === 1 ? 15 : 40));
  const { pieces, invented } = piecesOf({ width, truth, labelled, said: [a, b], image }, 0.5);
  expect(pieces).toEqual([{ found: [true, false], contrast: 0.5 }]);
  expect(invented).toEqual([0, 0]);
  // Without the bridge to the second filament, which is too thick for a long skeleton.
  b.forEach((_, pixel) => {
    if (row(pixel) === 6) b[pixel] = 0.1;
  });
  expect(piecesOf({ width, truth, labelled, said: [a, b], image }, 0.5).invented).toEqual([0, 1]);
});

test("what not every model speaks of does not count", () => {
  const all = layer(() => 0.9);
  const none = layer((_, pixel) => (row(pixel) === 1 && pixel % width < 7 ? Number.NaN : 0.9));
  expect(piecesOf({ width, truth, labelled, said: [all, none], image: undefined }, 0.5).pieces).toEqual([]);
  const { pieces } = piecesOf({ width, truth, labelled, said: [all, all], image: undefined }, 0.5);
  expect(pieces).toEqual([{ found: [true, true], contrast: Number.NaN }]);
});
