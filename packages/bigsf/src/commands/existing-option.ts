import type { Given } from "@ml-mosaic/command-line";
import type { Existing } from "@ml-mosaic/training";

/** What to do with a run that is there already. */
export function existingOption(given: Given): Existing {
  return given.switched("overwrite") ? "overwrite" : "resume";
}
