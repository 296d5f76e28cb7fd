import { formatHeader, type Header, parseHeader } from "@ml-mosaic/fits";
import type { MapDigests } from "../maps/maps.ts";
import type { Hdf5File } from "./hdf5.ts";
import { isNormalization, type PatchFileAttributes } from "./patch-file-layout.ts";

/** @returns undefined where the file has not all of them, as one that other software made */
export function readAttributes(file: Hdf5File): PatchFileAttributes | undefined {
  const values = Object.fromEntries(Object.entries(file.attrs).map(([name, { json_value }]) => [name, json_value]));
  const { patch_size, stride, normalization, compression, map_shape, sources, digest, labelled_share } = values;
  if (typeof patch_size !== "number" || typeof stride !== "number" || typeof compression !== "number") return undefined;
  if (!isNormalization(normalization) || typeof digest !== "string" || !Array.isArray(map_shape)) return undefined;
  const [height, width] = map_shape;
  const maps = typeof sources === "string" ? readDigests(sources) : undefined;
  if (typeof height !== "number" || typeof width !== "number" || maps === undefined) return undefined;
  return {
    patchSize: patch_size,
    stride,
    normalization,
    compression,
    mapShape: [height, width],
    sources: maps,
    digest,
    labelledShare: typeof labelled_share === "number" ? labelled_share : undefined,
  };
}

/**
 * The header of the image as text, as it stands in FITS files: `astropy.io.fits.Header.fromstring` reads it. Characters
 * that FITS does not allow become question marks.
 */
export function imageHeaderText(header: Header): string {
  const text = Buffer.from(formatHeader(header)).toString("latin1");
  return text.replaceAll(/[^ -~]/g, "?");
}

/** @returns undefined where the file has none, as those that other software or an earlier version made */
export function readImageHeader(file: Hdf5File): Header | undefined {
  const text = file.attrs.image_header?.json_value;
  return typeof text === "string" ? (parseHeader(Buffer.from(text, "latin1")) ?? undefined) : undefined;
}

function readDigests(text: string): MapDigests | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return undefined;
  const { image, target, missing, background }: Partial<Record<string, unknown>> = { ...value };
  if (typeof image !== "string" || typeof target !== "string") return undefined;
  if (typeof missing !== "string" || typeof background !== "string") return undefined;
  return { image, target, missing, background };
}
