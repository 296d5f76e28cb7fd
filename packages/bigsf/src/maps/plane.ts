import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { pathExists } from "@ml-mosaic/base";
import { FitsError, type FitsFile, type Hdu, type Header, type ImageHdu, openFits, type Range } from "@ml-mosaic/fits";

/** A two-dimensional image of a FITS file, which stays open until `close`. */
export interface Plane {
  readonly path: string;
  readonly header: Header;
  readonly shape: readonly [height: number, width: number];
  /** As in the file, axes of length 1 included, the slowest first. */
  readonly imageShape: readonly number[];
  /** Numbers of the axes of columns and rows as the header counts them: usually 1 and 2. */
  readonly axes: readonly [column: number, row: number];
  /**
   * Pixels of rows y0 to y1 and columns x0 to x1, end-exclusive, as physical values; undefined ones are NaN. Only they
   * are read.
   */
  section(y0: number, y1: number, x0: number, x1: number): Promise<Float64Array>;
  /** SHA-256 of the file, and the HDU where it was named. Reads the file once. */
  digest(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens an image, by default the first of the file that is a map; `map.fits[2]` and `map.fits[NAME]` name an HDU by
 * number or EXTNAME. Axes of length 1 are left out.
 *
 * @throws FitsError where the file cannot be read, or the image has not two axes
 */
export async function openPlane(path: string): Promise<Plane> {
  const { file: fileName, hdu } = await splitHdu(path);
  const file = await openFits(fileName);
  try {
    return planeOf(path, file, fileName, hdu);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function planeOf(path: string, file: FitsFile, fileName: string, hdu: number | string | undefined): Plane {
  const isMap = (each: Hdu): each is ImageHdu => each.kind === "image" && longAxes(each).length === 2;
  const image = (hdu === undefined ? file.hdus.find(isMap) : undefined) ?? file.image(hdu);
  const pixels = image.as("float64");
  const long = longAxes(image);
  // An image of one row or column has a long axis too few; its last axes are taken as they are.
  const axes = long.length >= 2 ? long : [image.shape.length - 2, image.shape.length - 1];
  const [rowAxis = -1, columnAxis = -1, ...more] = axes;
  if (rowAxis < 0 || more.length > 0) {
    throw new FitsError({
      code: "SIZE_INVALID",
      place: image.header.place,
      keyword: "NAXIS",
      value: image.shape.length,
      problem: `a map has two axes, this image has the shape ${image.shape.join(" x ")}`,
      remedy: "Give an image with two axes longer than 1, such as one plane of the cube",
    });
  }
  return {
    path,
    header: image.header,
    shape: [image.shape[rowAxis] ?? 0, image.shape[columnAxis] ?? 0],
    imageShape: image.shape,
    axes: [image.shape.length - columnAxis, image.shape.length - rowAxis],
    async section(y0, y1, x0, x1) {
      const ranges = image.shape.map((_, axis): Range => {
        if (axis === rowAxis) return [y0, y1];
        return axis === columnAxis ? [x0, x1] : [0, 1];
      });
      return (await pixels.section(...ranges)).data;
    },
    async digest() {
      const hash = createHash("sha256");
      await pipeline(createReadStream(fileName, { highWaterMark: 1024 * 1024 }), hash);
      return hash.digest("hex") + (hdu === undefined ? "" : `[${hdu}]`);
    },
    close: () => file.close(),
  };
}

function longAxes({ shape }: ImageHdu): readonly number[] {
  return shape.flatMap((length, axis) => (length === 1 ? [] : [axis]));
}

/** As in cfitsio, brackets after the name choose an HDU; a file whose name has brackets is itself meant. */
async function splitHdu(path: string): Promise<{ file: string; hdu: number | string | undefined }> {
  const [, file, hdu] = /^(.+)\[([^[\]]+)\]$/.exec(path) ?? [];
  if (file === undefined || hdu === undefined || pathExists(path)) return { file: path, hdu: undefined };
  return { file, hdu: /^\d+$/.test(hdu) ? Number(hdu) : hdu };
}
