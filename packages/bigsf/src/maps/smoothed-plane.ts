import { basename } from "node:path";
import { getNumber, getString, type Header, setCard } from "@ml-mosaic/fits";
import { BigsfError } from "../errors.ts";
import { pixelScale } from "./pixel-scale.ts";
import type { Plane } from "./plane.ts";

const fwhmOfSigma = 2 * Math.sqrt(2 * Math.log(2));
/** Beams that differ by no more than this share are one. */
const tolerance = 1e-3;

/**
 * A map as it looks through a wider beam: folded with the Gaussian that makes that of its own. Pixels without data stay so, and the
 * others are means of those beside them that have some. What is counted per beam grows as the beam does. Pixels are taken to be
 * squares on the sky. Memory is that of what is asked for, and as much around it as the Gaussian reaches.
 *
 * @param beam full width at half maximum, in arc seconds
 * @throws BigsfError `MAP` where the header does not tell beam and pixels, or the beam is elliptical, or wider than asked for
 */
export function smoothedPlane(map: Plane, beam: number): Plane {
  const own = roundBeam(map);
  const scale = pixelScale(map);
  if (scale === undefined)
    throw new BigsfError("MAP", `${map.path} does not tell how large its pixels are on the sky: it cannot be smoothed`);
  if (own > beam * (1 + tolerance))
    throw new BigsfError(
      "MAP",
      `${map.path} was seen with a beam of ${secondsText(own)}, and can not be brought to a narrower one of ${secondsText(beam)}; smooth the other map to ${secondsText(own)}`,
    );
  const sigma = Math.sqrt(Math.max(0, beam * beam - own * own)) / fwhmOfSigma / scale;
  const factor = /beam/iu.test(getString(map.header, "BUNIT") ?? "") ? (beam / own) ** 2 : 1;
  const [height, width] = map.shape;
  const weights = gaussian(sigma);
  const reach = weights.length >> 1;
  return {
    ...map,
    header: withBeam(map.header, beam),
    async section(y0, y1, x0, x1) {
      const [top, bottom] = [Math.max(0, y0 - reach), Math.min(height, y1 + reach)];
      const [left, right] = [Math.max(0, x0 - reach), Math.min(width, x1 + reach)];
      const around = await map.section(top, bottom, left, right);
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
  return `${Number(arcSeconds.toPrecision(3))}″`;
}

function gaussian(sigma: number): readonly number[] {
  const reach = Math.ceil(4 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    sigma === 0 ? 1 : Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Along rows, then along columns; nothing lies beyond the edges. */
function folded(
  values: Float64Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  weights: readonly number[],
): Float64Array {
  const reach = weights.length >> 1;
  const along = (from: Float64Array, step: number, count: number, placeOf: (i: number) => number) =>
    from.map((_, i) => {
      let sum = 0;
      const place = placeOf(i);
      for (let k = Math.max(-reach, -place); k <= Math.min(reach, count - 1 - place); k++)
        sum += (weights[k + reach] ?? 0) * (from[i + k * step] ?? 0);
      return sum;
    });
  return along(
    along(values, 1, columns, (i) => i % columns),
    columns,
    rows,
    (i) => Math.floor(i / columns),
  );
}
