import { join } from "node:path";
import { makeFolder, pathExists } from "@ml-mosaic/base";
import { addCommentary, createFits, type FitsWriter, type Header, makeHeader } from "@ml-mosaic/fits";
import { BigsfError } from "../errors.ts";
import type { MapPaths } from "../maps/maps.ts";
import { type SampleOptions, sampleMap } from "./sample-rows.ts";
import { writeTruth } from "./sample-truth.ts";

/** The filaments that are in a map, beside its files. */
export const truthName = "truth.fits";

export interface WriteSampleOptions extends SampleOptions {
  /** Gets image.fits, target.fits, missing.fits, background.fits, truth.fits; made where it is not there. */
  readonly folder: string;
  /** Replace files that exist. */
  readonly overwrite?: boolean;
  readonly onRows?: (done: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Pixels of Hi-GAL's column density maps: 11.5 arc seconds. */
const PIXEL_DEGREES = 11.5 / 3600;
/** Longitude of the middle of the map. */
const LONGITUDE = 30;
const ROWS_AT_ONCE = 64;

/**
 * Writes a synthetic map as four FITS files in Galactic coordinates, and a table of its filaments. Memory is some rows, whatever the size; the same
 * size and seed give the same bytes.
 *
 * @throws BigsfError `OUTPUT` where files exist, FitsError where one cannot be written; then none of them appears
 */
export async function writeSample(options: WriteSampleOptions): Promise<MapPaths> {
  const { folder, height, width, overwrite = false, onRows, signal } = options;
  await makeFolder(folder);
  const path = (name: string) => join(folder, `${name}.fits`);
  const paths = {
    image: path("image"),
    target: path("target"),
    missing: path("missing"),
    background: path("background"),
  };
  const truth = join(folder, truthName);
  const there = overwrite ? [] : [...Object.values(paths), truth].filter((each) => pathExists(each));
  if (there.length > 0) {
    const remedy = "give another folder, or overwrite them (--overwrite)";
    throw new BigsfError("OUTPUT", `there already: ${there.join(", ")}; ${remedy}`);
  }
  const rowsAt = sampleMap(options);
  const writers: FitsWriter[] = [];
  try {
    const open = async (file: string, type: "float32" | "uint8", object: string, unit: string, note: string) => {
      const writer = await createFits(file, { overwrite, checksum: true });
      writers.push(writer);
      return writer.startImage({ shape: [height, width], type, header: sampleHeader(options, object, unit, note) });
    };
    const image = await open(paths.image, "float32", "synthetic map", "cm-2", "Column density.");
    const target = await open(
      paths.target,
      "uint8",
      "filaments",
      "",
      "1 within the half width at half maximum of the spine of a filament or of one of its branches.",
    );
    const missing = await open(paths.missing, "uint8", "valid pixels", "", "1 where the image is valid.");
    const background = await open(
      paths.background,
      "uint8",
      "background",
      "",
      "1 where there is certainly no filament.",
    );
    for (let y = 0; y < height; y += ROWS_AT_ONCE) {
      signal?.throwIfAborted();
      const rows = rowsAt(y, Math.min(y + ROWS_AT_ONCE, height));
      await Promise.all([
        image.write(rows.image),
        target.write(rows.target),
        missing.write(rows.missing),
        background.write(rows.background),
      ]);
      onRows?.(Math.min(y + ROWS_AT_ONCE, height));
    }
    for (const each of [image, target, missing, background]) await each.end();
    await writeTruth(truth, options, overwrite);
    for (const writer of writers) await writer.close();
    return paths;
  } finally {
    for (const writer of writers) await writer.discard();
  }
}

function sampleHeader(
  { height, width, seed, profile, beam }: SampleOptions,
  object: string,
  unit: string,
  note: string,
): Header {
  const cards = makeHeader({
    OBJECT: object,
    ...(unit === "" ? {} : { BUNIT: unit }),
    // The plate carree projection is straight only around the equator, which the reference point therefore lies on.
    CTYPE1: "GLON-CAR",
    CTYPE2: "GLAT-CAR",
    CRVAL1: [LONGITUDE, "[deg] Galactic longitude"],
    CRVAL2: [0, "[deg] Galactic latitude"],
    CRPIX1: (width + 1) / 2,
    CRPIX2: (height + 1) / 2,
    CDELT1: [-PIXEL_DEGREES, "[deg] 11.5 arcsec"],
    CDELT2: PIXEL_DEGREES,
    CUNIT1: "deg",
    CUNIT2: "deg",
    ...(beam === undefined
      ? {}
      : { BMAJ: [beam * PIXEL_DEGREES, "[deg] full width at half maximum"], BMIN: beam * PIXEL_DEGREES, BPA: 0 }),
  });
  const how = [
    ...(profile === undefined || profile === "gaussian" ? [] : [`--profile ${profile}`]),
    ...(beam === undefined ? [] : [`--beam ${beam}`]),
  ];
  const command = ["bigsf sample", `--size ${height}x${width}`, `--seed ${seed}`, ...how].join(" ");
  return addCommentary(cards, "HISTORY", `Made up: ${command}. ${note}`);
}
