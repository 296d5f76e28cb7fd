import type { RunResult } from "../store/index.ts";
import type { RunOrder } from "./order.ts";

/** The text of a run's `.mdt` file: pipeline and final figures, readable without the program. */
export function runInfoText(
  { runId, repetition, seed, device, pipeline, process }: RunOrder,
  result: RunResult,
  stoppedEarly: boolean,
): string {
  const lines = [
    `run ${runId}`,
    `repetition ${repetition}`,
    `seed ${seed}`,
    `device ${device}`,
    `stopped early ${stoppedEarly ? "yes" : "no"}`,
  ];
  for (const entry of pipeline) {
    lines.push(
      "",
      `[${entry.name ?? entry.type}]`,
      ...Object.entries(entry).map(([name, value]) => `${name} = ${value}`),
    );
  }
  lines.push("", "[PROCESS]", ...Object.entries(process).map(([name, value]) => `${name} = ${value}`), "", "[RESULTS]");
  for (const [name, value] of Object.entries(result)) lines.push(`${name} = ${value ?? ""}`);
  return `${lines.join("\n")}\n`;
}
