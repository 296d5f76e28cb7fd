import { existsSync } from "node:fs";
import { type FitsFile, type Hdu, type Header, type ImageHdu, openFits, type Range } from "@ml-mosaic/fits";
import { BigsfError } from "../errors.ts";
import type { MapRows } from "./segment-rows.ts";

/** A map in an open FITS file. */
export interface SourceMap extends MapRows {
  /** For messages: the file, and the HDU where it is not the first. */
  readonly name: string;
  readonly header: Header;
  /** As in the file, degenerate axes included; the slowest axis first. */
  readonly shape: readonly number[];
  close(): Promise<void>;
}

/**
 * Opens `map.fits`, `map.fits.gz`, or an HDU of a file by its number or EXTNAME: `map.fits[1]`, `map.fits[SCI]`. Without
 * one it is the first with an image of two axes; axes of length 1 do not count.
 *
 * @throws BigsfError `MAP` where there is no such image; FitsError
 */
export async function openSourceMap(address: string): Promise<SourceMap> {
  const { path, hdu } = splitAddress(address);
  const file = await openFits(path);
  try {
    const image = findImage(file, path, hdu);
    const { header, index, shape } = image;
    const [yAxis = 0, xAxis = 0] = longAxes(shape);
    const pixels = image.as("float32");
    return {
      name: index === 0 ? path : `${path}[${index}]`,
      header,
      shape,
      height: shape[yAxis] ?? 0,
      width: shape[xAxis] ?? 0,
      async read(start, stop) {
        const ranges = shape.map((length, axis): Range => (axis === yAxis ? [start, stop] : [0, length]));
        return (await pixels.section(...ranges)).data;
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function splitAddress(address: string): { readonly path: string; readonly hdu: number | string | undefined } {
  const [, path, hdu] = /^(.+)\[([^[\]]+)\]$/.exec(address) ?? [];
  // A file may be called like this.
  if (path === undefined || hdu === undefined || existsSync(address)) return { path: address, hdu: undefined };
  return { path, hdu: /^\d+$/.test(hdu) ? Number(hdu) : hdu };
}

function findImage(file: FitsFile, path: string, which: number | string | undefined): ImageHdu {
  const isMap = (hdu: Hdu): hdu is ImageHdu => hdu.kind === "image" && longAxes(hdu.shape).length === 2;
  const hdu = which === undefined ? file.hdus.find(isMap) : file.hdu(which);
  if (hdu !== undefined && isMap(hdu)) return hdu;
  const maps = file.hdus.filter(isMap).map(({ index }) => `${path}[${index}]`);
  throw new BigsfError(
    "MAP",
    `${path}${which === undefined ? "" : `[${which}]`} has no image of two axes: ${(hdu === undefined ? file.hdus : [hdu]).map(showHdu).join(", ")}. ` +
      `${maps.length > 0 ? `There is ${maps.join(" and ")}` : "Give another file"}.`,
  );
}

/** Which axes have more than one pixel. */
function longAxes(shape: readonly number[]): readonly number[] {
  return shape.flatMap((length, axis) => (length > 1 ? [axis] : []));
}

function showHdu(hdu: Hdu): string {
  const what = hdu.kind === "image" ? (hdu.shape.length === 0 ? "no pixels" : hdu.shape.join(" x ")) : hdu.kind;
  return `HDU ${hdu.index} is ${what}`;
}
