import { type ChosenPipelines, countPipelines } from "../config/index.ts";

/** Which pipelines of all are left out; empty where none is. */
export function leftOutText(pipelines: ChosenPipelines): string {
  const { excluded, unsampled } = pipelines.choice;
  const parts = [
    ...(excluded === 0 ? [] : [`${excluded} excluded`]),
    ...(unsampled === 0 ? [] : [`${unsampled} not in the sample`]),
  ];
  if (parts.length === 0) return "";
  return ` (of ${countPipelines(pipelines) + excluded + unsampled} pipelines, ${parts.join(" and ")})`;
}
