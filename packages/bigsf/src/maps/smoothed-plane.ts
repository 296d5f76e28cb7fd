import { basename } from "node:path";
import { getNumber, getString, type Header, setCard } from "@ml-mosaic/fits";
import { BigsfError } from "../errors.ts";
import { coordinatesOf } from "./coordinates.ts";
import { discreteNormal } from "./discrete-normal.ts";
import { pixelSides, sizeTolerance } from "./pixel-scale.ts";
import type { Plane } from "./plane.ts";

const fwhmOfSigma = 2 * Math.sqrt(2 * Math.log(2));
/** Beams that differ by no more than this share are one. */
const tolerance = 1e-3;

/** What is counted per beam: `Jy/beam`, `Jy beam-1`, `Jy beam**-1`. */
const perBeam = /\/\s*\(?\s*beam\b|\bbeam\s*(?:\*\*|\^)?\s*\(?\s*-\s*1\b/iu;

/**
 * A map as it looks through a wider beam: folded with the Gaussian that makes that of its own, round on the sky. Pixels without data
 * stay so, and the others are means of those beside them that have some; a map of all longitudes goes on across its seam. What is
 * counted per beam grows as the beam does. Memory is that of what is asked for, and as much around it as the Gaussian reaches.
 *
 * @param beam full width at half maximum, in arc seconds
 * @throws BigsfError `MAP` where the header does not tell beam and pixels, the pixels are not of one size, or the beam is elliptical,
 *   or wider than asked for
 */
export function smoothedPlane(map: Plane, beam: number): Plane {
  const own = roundBeam(map);
  const { ofColumn, ofRow, isRound } = pixelsOf(map);
  if (own > beam * (1 + tolerance))
    throw new BigsfError(
      "MAP",
      `${map.path} was seen with a beam of ${secondsText(own)}, and can not be brought to a narrower one of ${secondsText(beam)}; smooth the other map to ${secondsText(own)}`,
    );
  const sigma = Math.sqrt(Math.max(0, beam * beam - own * own)) / fwhmOfSigma;
  const factor = perBeam.test(getString(map.header, "BUNIT") ?? "") ? (beam / own) ** 2 : 1;
  const [height, width] = map.shape;
  const weights = { ofColumns: discreteNormal(sigma / ofColumn), ofRows: discreteNormal(sigma / ofRow) };
  const [across, along] = [weights.ofColumns.length >> 1, weights.ofRows.length >> 1];
  return {
    ...map,
    header: withBeam(map.header, beam),
    async section(y0, y1, x0, x1) {
      const [top, bottom] = [Math.max(0, y0 - along), Math.min(height, y1 + along)];
      const [left, right] = isRound
        ? [x0 - across, x1 + across]
        : [Math.max(0, x0 - across), Math.min(width, x1 + across)];
      const around = await sectionRound(map, top, bottom, left, right);
      const shape = { rows: bottom - top, columns: right - left };
      const values = folded(
        around.map((value) => (Number.isFinite(value) ? value : 0)),
        shape,
        weights,
      );
      const known = folded(
        around.map((value) => (Number.isFinite(value) ? 1 : 0)),
        shape,
        weights,
      );
      return Float64Array.from({ length: (y1 - y0) * (x1 - x0) }, (_, i) => {
        const [y, x] = [y0 + Math.floor(i / (x1 - x0)), x0 + (i % (x1 - x0))];
        const at = (y - top) * shape.columns + x - left;
        return Number.isFinite(around[at]) ? (factor * (values[at] ?? 0)) / (known[at] ?? 0) : Number.NaN;
      });
    },
    digest: async () => `${await map.digest()}[smoothed ${beam}]`,
  };
}

/** Sides of the pixels in arc seconds, and whether the first column goes on where the last ends. */
function pixelsOf(map: Plane) {
  const { path, shape } = map;
  const [height, width] = shape;
  const sky = coordinatesOf(map);
  if (sky?.kind !== "sky")
    throw new BigsfError("MAP", `${path} does not tell how large its pixels are on the sky: it cannot be smoothed`);
  const middle = pixelSides(sky, (width - 1) / 2, (height - 1) / 2);
  const [ofColumn, ofRow] = middle;
  for (const [x, y] of [
    [0, 0],
    [width - 1, 0],
    [0, height - 1],
    [width - 1, height - 1],
  ] as const) {
    const sides = pixelSides(sky, x, y);
    if (sides.every((side, i) => Math.abs(side / (middle[i] ?? 0) - 1) <= sizeTolerance)) continue;
    const text = (each: readonly number[]) => each.map(secondsText).join(" by ");
    const there = sides.every(Number.isFinite)
      ? `of ${text(sides)} at a corner`
      : "a corner that is nowhere on the sky";
    throw new BigsfError(
      "MAP",
      `${path} has pixels of ${text(middle)} in its middle, and ${there}: one Gaussian does not smooth all of it; smooth a part of it, or another projection`,
    );
  }
  return { ofColumn, ofRow, isRound: Math.round(sky.turn ?? Number.NaN) === width };
}

/** Columns before the first and behind the last are those of the map again, from its other side. */
async function sectionRound(
  map: Plane,
  top: number,
  bottom: number,
  left: number,
  right: number,
): Promise<Float64Array> {
  const width = map.shape[1];
  const columns = right - left;
  const values = new Float64Array((bottom - top) * columns);
  for (let x = left; x < right; ) {
    const from = ((x % width) + width) % width;
    const count = Math.min(width - from, right - x);
    const part = await map.section(top, bottom, from, from + count);
    for (let row = 0; row < bottom - top; row++)
      values.set(part.subarray(row * count, (row + 1) * count), row * columns + x - left);
    x += count;
  }
  return values;
}

/** In arc seconds. */
function roundBeam({ path, header }: Plane): number {
  const [major, minor] = [getNumber(header, "BMAJ"), getNumber(header, "BMIN")];
  if (major === undefined || !(major > 0))
    throw new BigsfError(
      "MAP",
      `${path} does not tell its beam, which is needed to smooth it: write BMAJ into its header, in degrees`,
    );
  if (minor !== undefined && Math.abs(minor / major - 1) > 0.01)
    throw new BigsfError(
      "MAP",
      `${basename(path)} has an elliptical beam, ${secondsText(3600 * major)} by ${secondsText(3600 * minor)}; only round ones are smoothed here`,
    );
  return 3600 * major;
}

function withBeam(header: Header, beam: number): Header {
  return ["BMAJ", "BMIN"].reduce((made, keyword) => setCard(made, keyword, beam / 3600, "[deg] smoothed"), header);
}

export function secondsText(arcSeconds: number): string {
  return `${Number(arcSeconds.toPrecision(6))}″`;
}

/** Along rows, then along columns; nothing lies beyond the edges. */
function folded(
  values: Float64Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  { ofColumns, ofRows }: { readonly ofColumns: readonly number[]; readonly ofRows: readonly number[] },
): Float64Array {
  const along = (
    from: Float64Array,
    weights: readonly number[],
    step: number,
    count: number,
    placeOf: (i: number) => number,
  ) => {
    const reach = weights.length >> 1;
    return from.map((_, i) => {
      let sum = 0;
      const place = placeOf(i);
      for (let k = Math.max(-reach, -place); k <= Math.min(reach, count - 1 - place); k++)
        sum += (weights[k + reach] ?? 0) * (from[i + k * step] ?? 0);
      return sum;
    });
  };
  return along(
    along(values, ofColumns, 1, columns, (i) => i % columns),
    ofRows,
    columns,
    rows,
    (i) => Math.floor(i / columns),
  );
}
