// Options of the original Mosaic that are accepted, so that its files can be read, and have no effect.

import type { Finding, Findings } from "./problem.ts";

export const ignoredOptions: readonly string[] = ["cache_database_path", "cache_size"];

/** Such as `class_loss_function =`, which the original's example has. */
export function reportEmpty(place: Pick<Finding, "line" | "section" | "option">, findings: Findings): void {
  findings.notice({ ...place, message: "The option is empty and has no effect.", remedy: "Leave it out." });
}

export function reportIgnored(place: Pick<Finding, "line" | "section" | "option">, findings: Findings): void {
  findings.notice({
    ...place,
    message: "The option has no effect: results are written straight to the database.",
    remedy: "Remove the line.",
  });
}
