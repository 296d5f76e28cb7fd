import { flatPipeline, sectionName } from "../pipelines/flat-pipeline.ts";
import type { Texts } from "../pipelines/pipeline.ts";
import type { RunResult } from "../store/index.ts";
import type { RunOrder } from "./order.ts";

/** The text of a run's `.mdt` file: pipeline and final figures, readable without the program. */
export function runInfoText(
  { runId, repetition, seed, device, executor, pipeline, process }: RunOrder,
  result: RunResult,
  stoppedEarly: boolean,
): string {
  const lines = [
    `run ${runId}`,
    `repetition ${repetition}`,
    `seed ${seed}`,
    `device ${device}`,
    `executor ${executor}`,
    `stopped early ${stoppedEarly ? "yes" : "no"}`,
  ];
  const textLines = (texts: Texts) => Object.entries(texts).map(([name, text]) => `${name} = ${text}`);
  for (const entry of flatPipeline(pipeline))
    lines.push("", `[${entry[sectionName] ?? entry.type}]`, ...textLines(entry));
  lines.push("", "[PROCESS]", ...textLines(process), "", "[RESULTS]");
  for (const [name, value] of Object.entries(result)) lines.push(`${name} = ${value ?? ""}`);
  return `${lines.join("\n")}\n`;
}
