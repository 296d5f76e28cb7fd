import { basename } from "node:path";
import { CodedError, machineTrouble, messageOf } from "@ml-mosaic/base";
import { ConfigurationError, type Problem } from "@ml-mosaic/configurable";
import { getNumber, getString, type Header } from "@ml-mosaic/fits";
import { fileDigest } from "../file-digest.ts";
import { coordinatesOf } from "../maps/coordinates.ts";
import { fitPlane } from "../maps/fit-plane.ts";
import { openPlane, type Plane } from "../maps/plane.ts";
import type { CoordinateCheck } from "../maps/same-pixels.ts";
import type { Lacking } from "./columns.ts";
import { type Distances, distanceMap, distanceTable, oneDistance } from "./distances.ts";
import { mapSamples } from "./map-samples.ts";
import { perSquareCentimetre } from "./mass.ts";
import type { MeasureParts } from "./measure-filament.ts";

export interface InputSettings {
  readonly probability: string;
  readonly image: string | undefined;
  readonly coordinates: CoordinateCheck;
  /** In arc seconds. */
  readonly beam: number | undefined;
  /** Parsecs, or a file with them. */
  readonly distance: number | string | undefined;
  readonly reach: number | undefined;
  readonly plummerIndex: number | undefined;
  readonly meanMolecularWeight: number;
}

/** Everything that a catalogue is made of, open and found to go together. */
export interface Inputs {
  readonly map: Plane;
  readonly image: Plane | undefined;
  /** Unit of the image, as its header writes it. */
  readonly imageUnit: string;
  readonly measuring: Omit<MeasureParts, "plane">;
  readonly lacking: Lacking;
  /** SHA-256 of the files, each with what it is. */
  readonly digests: readonly string[];
}

/** @throws ConfigurationError with all that is wrong with the files */
export async function openInputs(settings: InputSettings, resources: AsyncDisposableStack): Promise<Inputs> {
  const problems: Problem[] = [];
  const attempt = async <T>(option: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CodedError) || machineTrouble(error) !== undefined) throw error;
      problems.push({ kind: "precondition", path: [option], message: messageOf(error) });
      return undefined;
    }
  };
  const open = (option: string, path: string | undefined) =>
    attempt(option, async () => {
      if (path === undefined) return undefined;
      const plane = await openPlane(path);
      resources.defer(() => plane.close());
      return plane;
    });
  const fitted = (option: string, map: Plane | undefined, other: Plane | undefined) => {
    if (map === undefined || other === undefined) return undefined;
    const { plane, problem } = fitPlane(map, other, settings.coordinates);
    if (problem !== undefined) problems.push({ kind: "precondition", path: [option], message: problem });
    return plane;
  };
  const { distance } = settings;
  const isTable = typeof distance === "string" && /\.csv$/i.test(distance);
  const map = await open("probability", settings.probability);
  // What is said of units and beams is said of the maps as they are; brought onto other pixels they have another's header.
  const ownImage = await open("image", settings.image);
  const image = fitted("image", map, ownImage);
  const ownFar = typeof distance === "string" && !isTable ? await open("distance", distance) : undefined;
  const far = fitted("distance", map, ownFar);
  const distances = await attempt("distance", async (): Promise<Distances | undefined> => {
    if (typeof distance === "number") return oneDistance(distance);
    if (isTable) return distanceTable(distance);
    return far && ownFar && distanceMap(far, ownFar.header);
  });
  if (map === undefined || problems.length > 0) throw new ConfigurationError(problems);

  const coordinates = coordinatesOf(map);
  const imageUnit = (ownImage && getString(ownImage.header, "BUNIT"))?.trim() ?? "";
  const perUnit = image && perSquareCentimetre(imageUnit);
  const beam = settings.beam === undefined ? ownImage && beamOf(ownImage.header) : settings.beam / 3600;
  const sky = coordinates?.kind === "sky" ? coordinates : undefined;
  const noSky = `the header of ${basename(map.path)} has no celestial coordinates that can be computed`;
  const noImage = image === undefined ? "no image is given" : undefined;
  const noDistance = distances === undefined ? "no distance is given" : undefined;
  const noDensity =
    perUnit === undefined && image !== undefined
      ? `BUNIT of ${basename(image.path)} is ${imageUnit === "" ? "not given" : imageUnit}, which is no column density`
      : undefined;
  const skyless = sky === undefined ? noSky : undefined;
  const lacking: Lacking = {
    sky: skyless,
    icrs: skyless ?? (sky?.toJ2000 === undefined ? `it is not known how ${sky?.frame} lies to ICRS` : undefined),
    image: noImage,
    beam: noImage ?? skyless ?? (beam === undefined ? "neither beam nor BMAJ and BMIN are given" : undefined),
    distance: skyless ?? noDistance,
    mass: noImage ?? skyless ?? noDensity ?? noDistance,
  };
  return {
    map,
    image,
    imageUnit,
    lacking,
    measuring: {
      coordinates,
      probability: mapSamples(map),
      image: image && mapSamples(image),
      beam,
      reach: settings.reach,
      plummerIndex: settings.plummerIndex,
      distances,
      perSquareCentimetre: perUnit,
      meanMolecularWeight: settings.meanMolecularWeight,
    },
    digests: [
      `probability ${await map.digest()}`,
      ...(image === undefined ? [] : [`image ${await image.digest()}`]),
      ...(far === undefined ? [] : [`distance ${await far.digest()}`]),
      ...(isTable ? [`distance ${await fileDigest(distance)}`] : []),
    ],
  };
}

/** The circle of the same area, in degrees. */
function beamOf(header: Header): number | undefined {
  const [major, minor] = [getNumber(header, "BMAJ"), getNumber(header, "BMIN")];
  if (major === undefined || major <= 0) return undefined;
  return Math.sqrt(major * (minor === undefined || minor <= 0 ? major : minor));
}
