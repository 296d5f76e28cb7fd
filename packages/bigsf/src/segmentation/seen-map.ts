/** Whether models have learnt from the very map that they are asked about, and what they say of it without cheating. */
import { join } from "node:path";
import { isPlainObject, pathExists } from "@ml-mosaic/base";
import type { TrainerSnapshot } from "@ml-mosaic/training";
import { calibrationNames } from "../calibration/calibration-file.ts";
import { resultNames } from "../cross-validation/validation-folder.ts";
import { BigsfError } from "../errors.ts";
import { openPlane, type Plane } from "../maps/plane.ts";
import { fileOfMap } from "../maps/source-map.ts";

/** A map of a training as its snapshots name it. */
export interface TrainedMap {
  readonly name: string;
  /** Of the image, as `Plane.digest` gives it. */
  readonly image: string;
}

/** Undefined where the snapshot is of a version that did not tell, or its patches do not tell what one of them was made of. */
export function trainedMaps({
  dataInfo: { maps },
}: Pick<TrainerSnapshot, "dataInfo">): readonly TrainedMap[] | undefined {
  if (!Array.isArray(maps)) return undefined;
  const known = maps.flatMap((map: unknown) => {
    const { name, image }: Partial<Record<string, unknown>> = isPlainObject(map) ? map : {};
    return typeof name === "string" && typeof image === "string" ? [{ name, image }] : [];
  });
  return known.length === maps.length ? known : undefined;
}

/** The file, and the HDU and plane where they were named; whatever part of these is meant. */
function partsOf(digest: string): { readonly file: string; readonly plane: string } {
  const [file = digest, ...parts] = digest.replace(/\[(?:\d+:\d+,\d+:\d+|resampled[^\]]*)\]/g, "").split("[");
  return { file, plane: parts.join("[") };
}

/** Planes of one file are different maps; where one was not named, it may be the other. */
export function sameMap(maps: readonly TrainedMap[], digest: string): TrainedMap | undefined {
  const own = partsOf(digest);
  const ofFile = maps.filter(({ image }) => partsOf(image).file === own.file);
  const isNamed = ({ image }: TrainedMap) => partsOf(image).plane !== "" && own.plane !== "";
  return ofFile.find(({ image }) => partsOf(image).plane === own.plane) ?? ofFile.find((map) => !isNamed(map));
}

export type SeenMap =
  | { readonly kind: "unseen" }
  /** The snapshots do not say what they were trained on. */
  | { readonly kind: "unknown" }
  /** Opened: for each pixel what models say that were not trained on it. */
  | { readonly kind: "seen"; readonly outOfFold: Plane };

/**
 * Looks whether a map is one of those that the models of a training on every split were trained on.
 *
 * @param folder of the training
 * @param map all of it, not a part
 * @throws BigsfError `MODEL` where it is, and what is said out of fold is not to be had
 */
export async function findSeenMap(
  folder: string,
  snapshot: TrainerSnapshot,
  map: Plane,
  isCalibrated: boolean,
): Promise<SeenMap> {
  const maps = trainedMaps(snapshot);
  if (maps === undefined) return { kind: "unknown" };
  const trained = sameMap(maps, await map.digest());
  if (trained === undefined) return { kind: "unseen" };
  const name = isCalibrated ? calibrationNames.map.outOfFold : resultNames.outOfFold;
  const path = join(folder, fileOfMap(name, trained, maps.length));
  const remedy = "give seen: true to hear all models on it all the same";
  if (!pathExists(path)) {
    const command = isCalibrated ? "bigsf calibrate" : "bigsf train-k-fold";
    throw new BigsfError(
      "MODEL",
      `its models were trained on ${map.path}, and there is no ${path} of what they have not seen; ${command} makes it, or ${remedy}`,
    );
  }
  const outOfFold = await openPlane(path);
  if (outOfFold.shape.join() === map.shape.join()) return { kind: "seen", outOfFold };
  await outOfFold.close();
  throw new BigsfError(
    "MODEL",
    `its models were trained on a part of ${map.path}, of ${outOfFold.shape.join(" x ")} pixels; ${remedy}`,
  );
}
