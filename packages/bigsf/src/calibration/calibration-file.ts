/** `calibration.json` in the folder of a run: what its models' probabilities are made right by, and how right they are then. */
import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { errorCode, isPlainObject, messageOf, sha256 } from "@ml-mosaic/base";
import { splitPattern } from "../cross-validation/validation-folder.ts";
import { BigsfError } from "../errors.ts";
import type { CalibrationReport } from "./calibration-figures.ts";
import type { Calibrator } from "./calibrator.ts";

export const calibrationNames = {
  file: "calibration.json",
  table: "calibration.csv",
  picture: "calibration.png",
  /** Of several splits. */
  map: { outOfFold: "out_of_fold_calibrated.fits", picture: "out_of_fold_calibrated.png" },
} as const;

/** The file as it is written. */
export interface CalibrationFile {
  readonly form: 1;
  /** Fitted on all that is counted: for maps that no model has seen. */
  readonly calibrator: Calibrator;
  readonly fitted_on: {
    /** `test`: of all splits; `valid`: of the only one. */
    readonly part: "test" | "valid";
    /** Labelled ones. */
    readonly pixels: number;
    readonly areas: number;
  };
  /** The models, split by split: files, in the folder, and how each was reported. */
  readonly models: readonly {
    readonly snapshot: string;
    readonly sha256: string;
    /** Fitted without what this model is tested on. */
    readonly calibrator: Calibrator;
  }[];
  /** On areas that neither the model nor its calibrator has seen. */
  readonly held_out: CalibrationReport;
}

/** What is to be known of a calibration to use it. */
export interface FoundCalibration {
  readonly path: string;
  /** SHA-256 of the file. */
  readonly digest: string;
  readonly calibrator: Calibrator;
  /** Fitted without what this model is tested on, where the file tells of it. */
  readonly ownCalibrator: Calibrator | undefined;
}

/**
 * The calibration of a snapshot: beside it, or for a split's in the folder of all splits. Undefined where there is none.
 *
 * @param snapshotDigest SHA-256 of the snapshot's file
 * @throws BigsfError where it is of another model, or cannot be read
 */
export async function findCalibration(snapshot: string, snapshotDigest: string): Promise<FoundCalibration | undefined> {
  const folder = dirname(snapshot);
  const folders = splitPattern.test(basename(folder)) ? [folder, dirname(folder)] : [folder];
  for (const each of folders) {
    const path = join(each, calibrationNames.file);
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) continue;
    const { calibrator, models } = parsed(path, text);
    const inPlace = models.find((model) => model.snapshot === relative(each, snapshot));
    if (![inPlace ?? models].flat().some(({ sha256: digest }) => digest === snapshotDigest)) {
      const remedy = "run bigsf calibrate again, or segment with calibrated: false";
      throw new BigsfError("CALIBRATION", `${path} was made for other models than ${snapshot}; ${remedy}`);
    }
    const ownCalibrator = calibratorFrom(inPlace?.calibrator);
    return { path, digest: Buffer.from(sha256([text])).toString("hex"), calibrator, ownCalibrator };
  }
  return undefined;
}

type FoundModel = Partial<Readonly<Record<"snapshot" | "sha256" | "calibrator", unknown>>>;

function parsed(
  path: string,
  text: string,
): Pick<FoundCalibration, "calibrator"> & { readonly models: readonly FoundModel[] } {
  const fail = (what: string) =>
    new BigsfError("CALIBRATION", `${path} cannot be read: ${what}; run bigsf calibrate again`);
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw fail(messageOf(error));
  }
  if (!isPlainObject(file) || file.form !== 1) throw fail("it is not of a form that this version knows");
  const calibrator = calibratorFrom(file.calibrator);
  if (calibrator === undefined || !Array.isArray(file.models)) throw fail("it lacks calibrator or models");
  return { calibrator, models: file.models.filter(isPlainObject) };
}

function calibratorFrom(value: unknown): Calibrator | undefined {
  if (!isPlainObject(value)) return undefined;
  const { method, temperature } = value;
  if (method === "temperature" && typeof temperature === "number" && temperature > 0) return { method, temperature };
  const [scores, shares] = [risingShares(value.scores), risingShares(value.shares)];
  if (method !== "isotonic" || scores === undefined || shares === undefined) return undefined;
  return scores.length > 0 && scores.length === shares.length ? { method, scores, shares } : undefined;
}

function risingShares(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value.filter((each): each is number => typeof each === "number" && each >= 0 && each <= 1);
  const rises = numbers.every((each, place) => place === 0 || each >= (numbers[place - 1] ?? 0));
  return rises && numbers.length === value.length ? numbers : undefined;
}
