import { nearestNames } from "@ml-mosaic/base";
import { TensorError } from "../errors.ts";

/** The name of the phase of programs that have but one. */
export const onlyPhase = "";

/** @throws TensorError if a run has none, or one that the program does not have */
export function checkPhases(all: readonly string[], chosen: readonly string[]): void {
  if (chosen.length === 0) {
    const known = all.filter((name) => name !== "").join(", ");
    throw new TensorError(
      "TENSOR_VALUE",
      `phases: there is none to run; ${known === "" ? "leave phases out" : `there are ${known}`}`,
    );
  }
  for (const name of chosen) {
    if (all.includes(name)) continue;
    const there = all.includes(onlyPhase) ? "this program was compiled without phases" : `there are ${all.join(", ")}`;
    const [nearest] = nearestNames(name, all);
    throw new TensorError(
      "TENSOR_VALUE",
      `phases: there is no phase ${JSON.stringify(name)}; ${there}${nearest ? `. Did you mean "${nearest}"?` : ""}`,
    );
  }
}
