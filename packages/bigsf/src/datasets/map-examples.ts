/** Small maps for tests, as FITS files. */
import { join } from "node:path";
import { createFits } from "@ml-mosaic/fits";
import type { MapPaths } from "../maps/maps.ts";

export interface MapExample {
  readonly height: number;
  readonly width: number;
  /** Intensity; the default differs in every pixel. */
  readonly image?: (y: number, x: number) => number;
  /** By default a filament of one pixel in every 16th column. */
  readonly target?: (y: number, x: number) => number;
  readonly missing?: (y: number, x: number) => number;
  /** By default what is not the target. */
  readonly background?: (y: number, x: number) => number;
}

/** Writes image.fits, target.fits, missing.fits and background.fits. */
export async function writeMaps(folder: string, example: MapExample): Promise<MapPaths> {
  const { height, width } = example;
  const target = example.target ?? ((_, x) => (x % 16 === 5 ? 1 : 0));
  const layers = {
    image: example.image ?? ((y, x) => 1 + y * width + x),
    target,
    missing: example.missing ?? (() => 1),
    background: example.background ?? ((y, x) => 1 - target(y, x)),
  };
  const write = async (name: keyof typeof layers) => {
    const path = join(folder, `${name}.fits`);
    const data = Float32Array.from({ length: height * width }, (_, place) =>
      layers[name](Math.floor(place / width), place % width),
    );
    await using file = await createFits(path);
    await file.image({ shape: [height, width], data });
    await file.close();
    return path;
  };
  const [image, spines, missing, background] = [
    await write("image"),
    await write("target"),
    await write("missing"),
    await write("background"),
  ];
  return { image, target: spines, missing, background };
}
