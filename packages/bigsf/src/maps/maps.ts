import { basename } from "node:path";
import { machineTrouble, messageOf } from "@ml-mosaic/base";
import type { Header } from "@ml-mosaic/fits";
import { BigsfError } from "../errors.ts";
import { type Fitted, fitPlane } from "./fit-plane.ts";
import { paddedPlane } from "./padded-plane.ts";
import { openPlane, type Plane } from "./plane.ts";
import { cutPlane, type PixelBox, type Region, regionBox } from "./region.ts";
import { type CoordinateCheck, channelConflict } from "./same-pixels.ts";

/** Files of a map and what is known of it. All show the same pixels of the sky. */
export interface MapPaths {
  /** Intensity, such as column density. */
  readonly image: string;
  /** What models see besides the image, such as temperature or other wavelengths. */
  readonly channels?: readonly string[] | undefined;
  /** 1 on filaments (spine and branches), else 0. */
  readonly target: string;
  /** 1 where the image is valid. */
  readonly missing: string;
  /** 1 where there is certainly no filament. */
  readonly background: string;
}

/** Pixels of a box, row after row: [height, width]. */
export interface PixelBlock {
  readonly width: number;
  /** Pixels that are NaN or infinite are 0. */
  readonly image: Float64Array;
  /** The further channels, as the image. */
  readonly others: readonly Float64Array[];
  /** NaN is 0. */
  readonly target: Float32Array;
  /** 1 where ((background + target) * missing) > 0. */
  readonly labelled: Uint8Array;
}

export interface MapSection extends PixelBlock {
  /** 1 where the image and all other channels are finite and `missing` is positive. */
  readonly valid: Uint8Array;
  /** The image as it is, before anything counted as 0. */
  readonly raw: Float64Array;
}

/** An open map with its labels. Sections may be read at the same time. */
export interface Maps {
  readonly paths: MapPaths;
  readonly shape: readonly [height: number, width: number];
  /** Without what was added behind the last rows and columns. */
  readonly inside: readonly [height: number, width: number];
  /** The header of the image, with its celestial coordinates. */
  readonly header: Header;
  /** What was done to bring the files onto the same pixels, a sentence each. */
  readonly notes: readonly string[];
  section(y0: number, y1: number, x0: number, x1: number): Promise<MapSection>;
  digests(): Promise<MapDigests>;
  close(): Promise<void>;
}

/** SHA-256 of each file. */
export type MapDigests = { readonly [Layer in (typeof LAYERS)[number]]: string } & {
  readonly channels?: readonly string[] | undefined;
};

const LAYERS = ["image", "target", "missing", "background"] as const;

/**
 * Opens the four files of a map.
 *
 * @param least side that the map has at least: what is missing to it is added behind its last rows and columns, without data
 * @param coordinates what is done with maps that do not lie on the image by their coordinates
 * @param region the part of the map that is taken
 * @throws BigsfError `MAP` with everything that is wrong with them: unreadable files, wrong axes, shapes or coordinates
 *   that differ
 */
export async function openMaps(
  paths: MapPaths,
  {
    coordinates = "check",
    region,
    least = 1,
  }: {
    readonly coordinates?: CoordinateCheck | undefined;
    readonly region?: Region | undefined;
    readonly least?: number;
  } = {},
): Promise<Maps> {
  const { channels = [] } = paths;
  const layers = [...LAYERS.map((layer) => paths[layer]), ...channels];
  const opened = await Promise.allSettled(layers.map((path) => openPlane(path)));
  const nameAt = (index: number) => LAYERS[index] ?? `channels[${index - LAYERS.length}]`;
  const planes = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const close = async () => {
    await Promise.all(planes.map((plane) => plane.close()));
  };
  const refused = opened.find((each) => each.status === "rejected" && machineTrouble(each.reason) !== undefined);
  if (refused?.status === "rejected") {
    await close();
    throw refused.reason;
  }
  const problems = opened.flatMap((each, index) =>
    each.status === "rejected" ? [`${nameAt(index)}: ${messageOf(each.reason)}`] : [],
  );
  const [whole, ...others] = opened.map((each) => (each.status === "fulfilled" ? each.value : undefined));
  const fitted = others.map((plane, index): Fitted | undefined => {
    if (whole === undefined || plane === undefined) return undefined;
    if (index < LAYERS.length - 1) return fitPlane(whole, plane, coordinates);
    const problem = channelConflict(whole, plane, coordinates);
    return problem === undefined ? { plane } : { problem };
  });
  problems.push(
    ...fitted.flatMap((each, index) => (each?.problem === undefined ? [] : [`${nameAt(index + 1)}: ${each.problem}`])),
  );
  const box = attemptBox(region, whole, problems);
  const [image, target, missing, background, ...further] = [whole, ...fitted.map((each) => each?.plane)].map(
    (plane) => plane && paddedPlane(box === undefined ? plane : cutPlane(plane, box), least),
  );
  if (problems.length > 0 || !image || !target || !missing || !background) {
    await close();
    const count =
      problems.length === 1 ? "The maps cannot be used" : `The maps cannot be used, ${problems.length} problems`;
    throw new BigsfError("MAP", `${count}:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
  const channelPlanes = further.flatMap((plane) => plane ?? []);
  const inside: Maps["inside"] = box === undefined ? (whole?.shape ?? image.shape) : [box.y1 - box.y0, box.x1 - box.x0];
  return {
    paths,
    shape: image.shape,
    inside,
    header: image.header,
    notes: [...fitted.flatMap((each) => each?.note ?? []), ...paddingNotes(paths, inside, image)],
    async section(y0, y1, x0, x1) {
      const [raw, t, m, b, ...more] = await Promise.all(
        [image, target, missing, background, ...channelPlanes].map((plane) => plane.section(y0, y1, x0, x1)),
      );
      const none = new Float64Array(0);
      return withChannels(combine(x1 - x0, raw ?? none, t ?? none, m ?? none, b ?? none), more);
    },
    async digests() {
      const [i = "", t = "", m = "", b = "", ...more] = await Promise.all(
        [image, target, missing, background, ...channelPlanes].map((plane) => plane.digest()),
      );
      return { image: i, target: t, missing: m, background: b, ...(more.length > 0 ? { channels: more } : {}) };
    },
    close,
  };
}

function combine(
  width: number,
  raw: Float64Array,
  spines: Float64Array,
  missing: Float64Array,
  background: Float64Array,
): MapSection {
  const image = new Float64Array(raw.length);
  const target = new Float32Array(raw.length);
  const labelled = new Uint8Array(raw.length);
  const valid = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) {
    const value = raw[i] ?? 0;
    // True for finite values only.
    const isNumber = value - value === 0;
    image[i] = isNumber ? value : 0;
    valid[i] = isNumber && (missing[i] || 0) > 0 ? 1 : 0;
    const spine = spines[i] || 0;
    target[i] = spine;
    labelled[i] = ((background[i] || 0) + spine) * (missing[i] || 0) > 0 ? 1 : 0;
  }
  return { width, image, others: [], target, labelled, valid, raw };
}

/** A pixel that one of them does not know is not valid. */
function withChannels(section: MapSection, channels: readonly Float64Array[]): MapSection {
  for (const channel of channels) {
    for (const [pixel, value] of channel.entries()) {
      if (value - value === 0) continue;
      channel[pixel] = 0;
      section.valid[pixel] = 0;
    }
  }
  return { ...section, others: channels };
}

function paddingNotes({ image }: MapPaths, [height, width]: Maps["inside"], padded: Plane): readonly string[] {
  const [rows, columns] = padded.shape;
  return rows === height && columns === width
    ? []
    : [
        `${basename(image)}: filled up from ${height} rows of ${width} pixels to ${rows} of ${columns}; what is added is missing.`,
      ];
}

function attemptBox(region: Region | undefined, image: Plane | undefined, problems: string[]): PixelBox | undefined {
  if (region === undefined || image === undefined) return undefined;
  try {
    return regionBox(region, image);
  } catch (error) {
    if (!(error instanceof BigsfError)) throw error;
    problems.push(`region: ${error.message}`);
    return undefined;
  }
}
