import { machineTrouble, rootsOf } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";

/** Why a run failed without its fault, and what to do; null where it is its own. */
export function troubleOf(error: unknown): string | null {
  const ours = rootsOf(error).find((each) => each instanceof MosaicError && each.code === "CANNOT_WRITE_RUN_FILES");
  return ours?.message ?? machineTrouble(error) ?? null;
}
