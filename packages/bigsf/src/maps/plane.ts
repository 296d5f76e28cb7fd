import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { pathExists } from "@ml-mosaic/base";
import {
  FitsError,
  type FitsFile,
  getCard,
  type Hdu,
  type Header,
  type ImageHdu,
  openFits,
  type Range,
  setCard,
} from "@ml-mosaic/fits";

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
 * number or EXTNAME. `cube.fits[NAME][5]` is a plane of a cube, counted from 0, and so is `cube.fits[5]` where the file
 * has no image of that number. Axes of length 1 are left out.
 *
 * @throws FitsError where the file cannot be read, or the image has not two axes
 */
export async function openPlane(path: string): Promise<Plane> {
  const { file: fileName, parts } = splitBrackets(path);
  const file = await openFits(fileName);
  try {
    return planeOf(path, file, fileName, parts);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function planeOf(path: string, file: FitsFile, fileName: string, parts: readonly (number | string)[]): Plane {
  const { image, plane } = findImage(file, parts);
  const pixels = image.as("float64");
  const long = longAxes(image);
  const cubeAxis = plane !== undefined && long.length === 3 ? long[0] : undefined;
  if (plane !== undefined) checkPlane(image, plane, cubeAxis);
  const across = long.filter((axis) => axis !== cubeAxis);
  // An image of one row or column has a long axis too few; its last axes are taken as they are.
  const axes = across.length >= 2 ? across : [image.shape.length - 2, image.shape.length - 1];
  const [rowAxis = -1, columnAxis = -1, ...more] = axes;
  if (rowAxis < 0 || more.length > 0) {
    throw new FitsError({
      code: "SIZE_INVALID",
      place: image.header.place,
      keyword: "NAXIS",
      value: image.shape.length,
      problem: `a map has two axes, this image has the shape ${image.shape.join(" x ")}`,
      remedy: `Give an image with two axes longer than 1, such as a plane of the cube: ${fileName}[${image.name || image.index}][0]`,
    });
  }
  let digest: Promise<string> | undefined;
  const only = (axis: number) => (axis === cubeAxis ? (plane ?? 0) : 0);
  return {
    path,
    header: cubeAxis === undefined ? image.header : headerOfPlane(image, cubeAxis, plane ?? 0),
    shape: [image.shape[rowAxis] ?? 0, image.shape[columnAxis] ?? 0],
    imageShape: image.shape.map((length, axis) => (axis === cubeAxis ? 1 : length)),
    axes: [image.shape.length - columnAxis, image.shape.length - rowAxis],
    async section(y0, y1, x0, x1) {
      const ranges = image.shape.map((_, axis): Range => {
        if (axis === rowAxis) return [y0, y1];
        return axis === columnAxis ? [x0, x1] : [only(axis), only(axis) + 1];
      });
      return (await pixels.section(...ranges)).data;
    },
    digest() {
      digest ??= digestOf(fileName, parts);
      return digest;
    },
    close: () => file.close(),
  };
}

async function digestOf(fileName: string, parts: readonly (number | string)[]): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(fileName, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex") + parts.map((part) => `[${part}]`).join("");
}

function findImage(
  file: FitsFile,
  [first, second]: readonly (number | string)[],
): { image: ImageHdu; plane: number | undefined } {
  const isMap = (each: Hdu): each is ImageHdu => each.kind === "image" && longAxes(each).length === 2;
  if (first === undefined) return { image: file.hdus.find(isMap) ?? file.image(), plane: undefined };
  if (second !== undefined) return { image: file.image(first), plane: Number(second) };
  const isImage = typeof first === "string" || file.hdus.some(({ index, kind }) => index === first && kind === "image");
  const cube = isImage ? undefined : file.hdus.find((each) => each.kind === "image" && longAxes(each).length === 3);
  if (cube?.kind === "image" && typeof first === "number" && first < (cube.shape[longAxes(cube)[0] ?? 0] ?? 0))
    return { image: cube, plane: first };
  return { image: file.image(first), plane: undefined };
}

function checkPlane(image: ImageHdu, plane: number, cubeAxis: number | undefined): void {
  const count = cubeAxis === undefined ? undefined : image.shape[cubeAxis];
  if (count !== undefined && Number.isInteger(plane) && plane < count) return;
  const what =
    count === undefined
      ? `it has the shape ${image.shape.join(" x ")} and so no planes`
      : `there is no plane ${plane}: they count from 0 to ${count - 1}`;
  throw new FitsError({
    code: "NOT_FOUND",
    place: image.header.place,
    problem: what,
    remedy: "Name a plane of a cube behind its HDU, as in cube.fits[0][5]",
  });
}

/** The axis of planes has this one only; its coordinate is still that of the cube. */
function headerOfPlane({ header, shape }: ImageHdu, cubeAxis: number, plane: number): Header {
  const keyword = `CRPIX${shape.length - cubeAxis}`;
  const value = getCard(header, keyword)?.value;
  return typeof value === "number" ? setCard(header, keyword, value - plane) : header;
}

function longAxes({ shape }: ImageHdu): readonly number[] {
  return shape.flatMap((length, axis) => (length === 1 ? [] : [axis]));
}

/** As in cfitsio, brackets after the name choose an HDU; a file whose name has brackets is itself meant. */
function splitBrackets(path: string): { file: string; parts: readonly (number | string)[] } {
  const [, file, brackets] = /^(.+?)((?:\[[^[\]]+\]){1,2})$/.exec(path) ?? [];
  if (file === undefined || brackets === undefined || pathExists(path)) return { file: path, parts: [] };
  const parts = Array.from(brackets.matchAll(/\[([^[\]]+)\]/g), ([, part = ""]) => part);
  return { file, parts: parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part)) };
}

/** The file that an address with brackets behind it names. */
export function fileOfAddress(path: string): string {
  return path.replace(/(?:\[[^[\]]+\]){1,2}$/, "");
}
