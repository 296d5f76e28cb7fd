import { crc32, deflateSync } from "node:zlib";

type Colour = readonly [red: number, green: number, blue: number];

/** Pixels whose colours agree in five bits of each channel. */
interface Cell {
  readonly sums: readonly [number, number, number];
  readonly pixels: number;
}

/**
 * A PNG of at most 256 colours, chosen by median cut (Heckbert 1982): a third of the size of one with all colours.
 *
 * @param rgba four bytes a pixel, row by row; opacity is left out
 */
export function indexedPng(rgba: Uint8ClampedArray, width: number, height: number): Buffer {
  const cells = countCells(rgba);
  const palette = medianCut([...cells.values()], 256).map(meanOf);
  const indexOf = new Map(
    Array.from(cells, ([key, cell]) => {
      const colour = meanOf([cell]);
      return [key, nearest(palette, colour)] as const;
    }),
  );
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf.get(keyAt(rgba, 4 * (y * width + x))) ?? 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap((colour) => colour.map(Math.round)))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function keyAt(rgba: Uint8ClampedArray, at: number): number {
  return (((rgba[at] ?? 0) >> 3) << 10) | (((rgba[at + 1] ?? 0) >> 3) << 5) | ((rgba[at + 2] ?? 0) >> 3);
}

function countCells(rgba: Uint8ClampedArray): ReadonlyMap<number, Cell> {
  const cells = new Map<number, Cell>();
  for (let at = 0; at < rgba.length; at += 4) {
    const key = keyAt(rgba, at);
    const { sums, pixels } = cells.get(key) ?? { sums: [0, 0, 0], pixels: 0 };
    const [red, green, blue] = sums;
    cells.set(key, {
      sums: [red + (rgba[at] ?? 0), green + (rgba[at + 1] ?? 0), blue + (rgba[at + 2] ?? 0)],
      pixels: pixels + 1,
    });
  }
  return cells;
}

/** Halves the box that varies most until there are enough. */
function medianCut(cells: readonly Cell[], count: number): readonly (readonly Cell[])[] {
  const boxes = [boxOf(cells)];
  while (boxes.length < count) {
    boxes.sort((a, b) => b.spread * b.pixels ** 0.5 - a.spread * a.pixels ** 0.5);
    const widest = boxes[0];
    if (widest === undefined || widest.spread === 0) break;
    const sorted = widest.cells.toSorted((a, b) => channelOf(a, widest.channel) - channelOf(b, widest.channel));
    let seen = 0;
    const middle = sorted.findIndex(({ pixels }) => {
      seen += pixels;
      return 2 * seen >= widest.pixels;
    });
    const cut = Math.min(Math.max(1, middle), sorted.length - 1);
    boxes.splice(0, 1, boxOf(sorted.slice(0, cut)), boxOf(sorted.slice(cut)));
  }
  return boxes.map((box) => box.cells);
}

function boxOf(cells: readonly Cell[]) {
  const spreads = [0, 1, 2].map((channel) => {
    const values = cells.map((cell) => channelOf(cell, channel));
    return Math.max(...values) - Math.min(...values);
  });
  const spread = Math.max(...spreads);
  return {
    cells,
    spread,
    channel: spreads.indexOf(spread),
    pixels: cells.reduce((sum, { pixels }) => sum + pixels, 0),
  };
}

function channelOf({ sums, pixels }: Cell, channel: number): number {
  return (sums[channel] ?? 0) / pixels;
}

function meanOf(cells: readonly Cell[]): Colour {
  const pixels = cells.reduce((sum, cell) => sum + cell.pixels, 0);
  const mean = (channel: number) => cells.reduce((sum, { sums }) => sum + (sums[channel] ?? 0), 0) / pixels;
  return [mean(0), mean(1), mean(2)];
}

function nearest(palette: readonly Colour[], [red, green, blue]: Colour): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, [r, g, b]] of palette.entries()) {
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance >= least) continue;
    least = distance;
    best = index;
  }
  return best;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
