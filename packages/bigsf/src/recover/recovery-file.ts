/** `recovery.json`: how complete and how pure a catalogue is, as `bigsf catalogue` uses it for its columns. */
import { readFile } from "node:fs/promises";
import { errorCode, isPlainObject, messageOf, sha256 } from "@ml-mosaic/base";
import { BigsfError } from "../errors.ts";
import type { Completeness } from "./completeness.ts";
import type { Purity } from "./purity.ts";

/** What decides which filaments are found, and what contrast and width they have. */
export interface Finding {
  readonly threshold: number;
  readonly low_threshold: number;
  readonly spur: number;
  readonly most_turn: number;
  readonly least_length: number;
  readonly least_significance: number;
  /** Pixels to each side that profiles are fitted over; null: as the mask is wide. */
  readonly reach: number | null;
}

/** The same as the catalogue calls it. */
export interface FindingSettings {
  readonly threshold: number;
  readonly lowThreshold: number;
  readonly spur: number;
  readonly mostTurn: number;
  readonly leastLength: number;
  readonly leastSignificance: number;
  readonly reach: number | undefined;
}

export function findingOf(settings: FindingSettings): Finding {
  return {
    threshold: settings.threshold,
    low_threshold: settings.lowThreshold,
    spur: settings.spur,
    most_turn: settings.mostTurn,
    least_length: settings.leastLength,
    least_significance: settings.leastSignificance,
    reach: settings.reach ?? null,
  };
}

export interface RecoveryFile {
  readonly form: 1;
  readonly finding: Finding;
  /** Of the map of probabilities, as `Plane.digest` gives it. */
  readonly map: string;
  readonly seed: number;
  readonly injected: number;
  readonly recovered: number;
  readonly homeless: number;
  readonly completeness: Completeness;
  readonly purity: Purity | undefined;
}

export interface Recovery extends RecoveryFile {
  /** SHA-256 of the file. */
  readonly digest: string;
}

/** @throws BigsfError where there is none, it cannot be read, or the catalogue is made with other options */
export async function readRecovery(path: string, finding: Finding): Promise<Recovery> {
  const fail = (what: string) => new BigsfError("CATALOGUE", what);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") throw fail(`there is no file ${path}; bigsf recover makes it`);
    throw error;
  });
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw fail(`${path} cannot be read: ${messageOf(error)}; run bigsf recover again`);
  }
  if (!isRecovery(file)) throw fail(`${path} is not of a form that this version knows; run bigsf recover again`);
  for (const [option, value] of Object.entries(finding)) {
    const there = Object(file.finding)[option];
    if (there !== value)
      throw fail(
        `${path} was made of a catalogue with ${option} ${valueText(there)}, and this has ${valueText(value)}; run bigsf recover again, or leave recovery out`,
      );
  }
  return { ...file, digest: Buffer.from(sha256([text])).toString("hex") };
}

function valueText(value: unknown): string {
  return value === undefined ? "not told" : String(value ?? "none");
}

function isRecovery(file: unknown): file is RecoveryFile {
  if (!isPlainObject(file) || file.form !== 1) return false;
  return isPlainObject(file.finding) && isPlainObject(file.completeness) && typeof file.map === "string";
}
