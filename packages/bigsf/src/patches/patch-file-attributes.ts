import { formatHeader, type Header, parseHeader } from "@ml-mosaic/fits";
import type { MapDigests } from "../maps/maps.ts";
import { findGroup, type Hdf5File, type Hdf5Group } from "./hdf5.ts";
import {
  isNormalization,
  isNormalizedOver,
  MAPS,
  type MapAttributes,
  type PatchFileAttributes,
} from "./patch-file-layout.ts";
import { readRange } from "./patch-rules.ts";

/** What a file says of one of its maps, and where in the file that stands. */
export interface StoredMap {
  readonly name: string;
  readonly group: Hdf5Group;
  /** These are undefined in files of other software, the last in those of earlier versions too. */
  readonly shape: MapAttributes["shape"] | undefined;
  readonly inside: MapAttributes["shape"] | undefined;
  readonly sources: MapDigests | undefined;
  readonly labelledShare: number | undefined;
  readonly header: Header | undefined;
  /** First of its patches, and their number; undefined where the file has one map, whose they all are. */
  readonly patches: readonly [first: number, count: number] | undefined;
}

/** @returns undefined where the file has not all of them, as one that other software made */
export function readAttributes(file: Hdf5Group): PatchFileAttributes | undefined {
  const { patch_size, stride, normalization, normalization_over, compression, digest, ...more } = valuesOf(file);
  if (typeof patch_size !== "number" || typeof stride !== "number" || typeof compression !== "number") return undefined;
  if (!isNormalization(normalization) || typeof digest !== "string") return undefined;
  return {
    patchSize: patch_size,
    stride,
    normalization,
    normalizationOver: isNormalizedOver(normalization_over) ? normalization_over : "patch",
    range: readRange(more.normalization_range),
    compression,
    digest,
  };
}

/** The maps of a file, in the order of their patches. */
export function readMaps(file: Hdf5File): readonly StoredMap[] {
  const groups = findGroup(file, MAPS);
  if (groups === undefined) return [{ name: "", group: file, patches: undefined, ...readMap(file) }];
  return groups
    .keys()
    .flatMap((name) => {
      const group = findGroup(groups, name);
      if (group === undefined) return [];
      const { first_patch, patch_count } = valuesOf(group);
      const patches = [Number(first_patch), Number(patch_count)] as const;
      return [{ name, group, patches, ...readMap(group) }];
    })
    .sort((a, b) => a.patches[0] - b.patches[0]);
}

function readMap(group: Hdf5Group): Omit<StoredMap, "name" | "group" | "patches"> {
  const { map_shape, image_shape, sources, labelled_share, image_header } = valuesOf(group);
  return {
    shape: shapeOf(map_shape),
    inside: shapeOf(image_shape),
    sources: typeof sources === "string" ? readDigests(sources) : undefined,
    labelledShare: typeof labelled_share === "number" ? labelled_share : undefined,
    header:
      typeof image_header === "string" ? (parseHeader(Buffer.from(image_header, "latin1")) ?? undefined) : undefined,
  };
}

function shapeOf(value: unknown): MapAttributes["shape"] | undefined {
  const [height, width]: readonly unknown[] = Array.isArray(value) ? value : [];
  return typeof height === "number" && typeof width === "number" ? [height, width] : undefined;
}

function valuesOf(group: Hdf5Group): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(group.attrs).map(([name, { json_value }]) => [name, json_value]));
}

export function writeAttributes(file: Hdf5Group, attributes: PatchFileAttributes): void {
  const { patchSize, stride, normalization, normalizationOver = "patch", range, compression, digest } = attributes;
  file.create_attribute("patch_size", patchSize, [], "<i");
  file.create_attribute("stride", stride, [], "<i");
  file.create_attribute("normalization", normalization);
  if (normalizationOver !== "patch") file.create_attribute("normalization_over", normalizationOver);
  if (range !== undefined) file.create_attribute("normalization_range", [...range], [2], "<d");
  file.create_attribute("compression", compression, [], "<i");
  file.create_attribute("digest", digest);
}

export function writeMapAttributes(group: Hdf5Group, { shape, inside, sources, labelledShare }: MapAttributes): void {
  group.create_attribute("map_shape", [...shape], [2], "<i");
  if (inside !== undefined && inside.join() !== shape.join())
    group.create_attribute("image_shape", [...inside], [2], "<i");
  group.create_attribute("sources", JSON.stringify(sources));
  if (labelledShare !== undefined) group.create_attribute("labelled_share", labelledShare, [], "<d");
}

/**
 * The header of the image as text, as it stands in FITS files: `astropy.io.fits.Header.fromstring` reads it. Characters
 * that FITS does not allow become question marks.
 */
export function imageHeaderText(header: Header): string {
  const text = Buffer.from(formatHeader(header)).toString("latin1");
  return text.replaceAll(/[^ -~]/g, "?");
}

function readDigests(text: string): MapDigests | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return undefined;
  const { image, target, missing, background, channels }: Partial<Record<string, unknown>> = { ...value };
  if (typeof image !== "string" || typeof target !== "string") return undefined;
  if (typeof missing !== "string" || typeof background !== "string") return undefined;
  const further = Array.isArray(channels) ? channels.map(String) : undefined;
  return { image, target, missing, background, ...(further === undefined ? {} : { channels: further }) };
}
