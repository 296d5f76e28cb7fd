/**
 * `bigsf catalogue` beside FilFinder's published recipe (Koch and Rosolowsky 2015, `peers/filfinder_recipe.py`) on one made-up map
 * whose filaments are known. The recipe takes the image, a catalogue what a network says; here it gets the recipe's own mask, so
 * that only what is made of a mask differs, and the true mask, as the best network would give it. Then errors of what is measured, on
 * four maps by their true masks.
 * Debian's python3-astropy, python3-scipy, python3-skimage, python3-networkx.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { tableText } from "@ml-mosaic/command-line";
import { openFits } from "@ml-mosaic/fits";
import { medianOf } from "@ml-mosaic/statistics";
import { Catalogue } from "../packages/bigsf/src/catalogue/catalogue.ts";
import { type TrueFilament, trueFilaments } from "../packages/bigsf/src/sample/sample-truth.ts";
import { writeSample } from "../packages/bigsf/src/sample/write-sample.ts";

const made = { height: 800, width: 800, seed: 11, beam: 3 } as const;
/** Pixels within which a spine lies on a true one, and within which two ends of both lie together. */
const near = { spine: 2, ends: 16 } as const;
const width = 5;

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Measured {
  readonly start: Point;
  readonly end: Point;
  readonly length: number;
  readonly angle: number;
  readonly width: number | undefined;
  readonly widthError?: number | undefined;
  /** Height over the scatter beside it. */
  readonly significance?: number | undefined;
}

const folder = mkdtempSync(join(tmpdir(), "bench-catalogue-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const { image, target } = await writeSample({ folder, ...made });
const truth = [...trueFilaments(made)];

const recipe = new URL("peers/filfinder_recipe.py", import.meta.url).pathname;
const words = ["-W", "ignore", recipe, image, String(width), String(made.beam), at("mask.fits"), at("skeleton.fits")];
interface Found {
  readonly start: readonly [number, number];
  readonly end: readonly [number, number];
  readonly length: number;
  readonly angle: number;
  readonly width: number | null;
}
const said: readonly Found[] = JSON.parse(execFileSync("/usr/bin/python3", words, { encoding: "utf8" }));
const peer = said.map(
  ({ start: [x0, y0], end: [x1, y1], length, angle, width: wide }): Measured => ({
    start: { x: x0, y: y0 },
    end: { x: x1, y: y1 },
    length,
    angle,
    width: wide ?? undefined,
  }),
);

async function ours(name: string, probability: string, measuredIn = image): Promise<readonly Measured[]> {
  const given = {
    probability,
    image: measuredIn,
    output: at(name),
    threshold: 1,
    low_threshold: 1,
    least_length: 3 * width,
    atlas: 0,
  };
  const result = await Catalogue.fromConfig(given).run();
  if (result.kind !== "written") throw new Error("the folder was not empty");
  return result.filaments.map(({ start, end, length, pixelAngle, profile }) => ({
    start,
    end,
    length,
    angle: pixelAngle,
    width: profile?.deconvolved?.value,
    widthError: profile?.deconvolved?.error,
    significance: profile?.scatter && profile.amplitude.value / profile.scatter,
  }));
}

async function spinePoints(path: string): Promise<readonly Point[]> {
  await using file = await openFits(path);
  const { data } = await file.image().as("float64").read();
  return Array.from(data.entries()).flatMap(([i, value]) =>
    value > 0 ? [{ x: i % made.width, y: Math.floor(i / made.width) }] : [],
  );
}

/** Share of the points that lie near one of the others. */
function shareNear(points: readonly Point[], others: readonly Point[]): number {
  const reach = near.spine;
  const cells = new Map<number, Point[]>();
  const key = (x: number, y: number) => Math.floor(y / reach) * 10_000 + Math.floor(x / reach);
  for (const point of others) {
    const place = key(point.x, point.y);
    cells.set(place, [...(cells.get(place) ?? []), point]);
  }
  const found = points.filter(({ x, y }) =>
    [-1, 0, 1].some((dy) =>
      [-1, 0, 1].some((dx) =>
        (cells.get(key(x + dx * reach, y + dy * reach)) ?? []).some((one) => Math.hypot(one.x - x, one.y - y) <= reach),
      ),
    ),
  );
  return found.length / points.length;
}

const drawn = truth.flatMap(({ points }) => points);

interface Pair {
  readonly one: TrueFilament;
  readonly best: Measured;
}

/** Of those drawn which are found from end to end. */
function pairsOf(drawnOnes: readonly TrueFilament[], found: readonly Measured[]): readonly Pair[] {
  const apart = (a: Point | undefined, b: Point) => Math.hypot((a?.x ?? 0) - b.x, (a?.y ?? 0) - b.y);
  const ends = ({ points }: TrueFilament, { start, end }: Measured) =>
    Math.min(apart(points[0], start) + apart(points.at(-1), end), apart(points[0], end) + apart(points.at(-1), start));
  return drawnOnes.flatMap((one) => {
    const [best] = found.toSorted((a, b) => ends(one, a) - ends(one, b));
    return best !== undefined && ends(one, best) < near.ends ? [{ one, best }] : [];
  });
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** How many, and medians of how far length, width and direction are off. */
function errorsOf(pairs: readonly Pair[]): readonly string[] {
  const turned = (a: number, b: number) => Math.abs(((((a - b + 90) % 180) + 180) % 180) - 90);
  const widths = pairs.flatMap(({ one, best }) => (best.width === undefined ? [] : [Math.abs(best.width - one.width)]));
  return [
    String(pairs.length),
    percent(medianOf(pairs.map(({ one, best }) => Math.abs(best.length / one.length - 1)))),
    medianOf(widths).toFixed(2),
    `${medianOf(pairs.map(({ one, best }) => turned(best.angle, one.angle))).toFixed(2)}°`,
  ];
}

async function row(name: string, found: readonly Measured[], skeleton: string): Promise<readonly string[]> {
  const spines = await spinePoints(skeleton);
  const shares = [percent(shareNear(drawn, spines)), percent(shareNear(spines, drawn))];
  return [name, String(found.length), ...shares, ...errorsOf(pairsOf(truth, found))];
}

console.log(`${cpus()[0]?.model}, Node ${process.version}; ${truth.length} filaments and branches were drawn.`);
const header = [
  "",
  "filaments",
  "of spines found",
  "of found on one",
  "whole",
  "length off",
  "width off",
  "direction off",
];
const rows = [
  await row("FilFinder's recipe", peer, at("skeleton.fits")),
  await row("catalogue of its mask", await ours("of-its-mask", at("mask.fits")), at("of-its-mask/skeleton.fits")),
  await row("catalogue of the true mask", await ours("of-the-true-mask", target), at("of-the-true-mask/skeleton.fits")),
];
console.log(tableText(header, rows, [1, 2, 3, 4, 5, 6, 7]));

const steep: Pair[] = [];
for (const seed of [11, 12, 13, 14]) {
  const another = { ...made, seed };
  const files = await writeSample({ folder: at(`map-${seed}`), ...another });
  const found = await ours(`of-map-${seed}`, files.target, files.image);
  steep.push(...pairsOf([...trueFilaments(another)], found).filter(({ best }) => (best.significance ?? 0) > 3));
}
const parts: readonly (readonly [string, (pair: Pair) => boolean])[] = [
  ["all above 3 sigma", () => true],
  ["shorter than 30 pixels", ({ one }) => one.length < 30],
  ["30 to 60", ({ one }) => one.length >= 30 && one.length < 60],
  ["longer", ({ one }) => one.length >= 60],
];
const errors = parts.map(([name, isPart]) => [name, ...errorsOf(steep.filter(isPart))]);
console.log(tableText(["four maps, their true masks", ...header.slice(4)], errors, [1, 2, 3, 4]));
const held = steep.flatMap(({ one, best: { width, widthError } }) =>
  width === undefined || widthError === undefined ? [] : [Math.abs(width - one.width) <= 2 * widthError],
);
console.log(
  `of ${held.length} stated errors of widths ${percent(held.filter(Boolean).length / held.length)} hold the truth within twice their size`,
);
console.log(
  "whole: both ends lie within 16 pixels together of those drawn; errors are medians of these, widths in pixels.",
);
