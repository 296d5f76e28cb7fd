import { type ChosenPipelines, countPipelines } from "../config/index.ts";

/** Which pipelines of all are left out; empty where none is. */
export function leftOutText(pipelines: ChosenPipelines): string {
  const { mixed, excluded, unsampled } = pipelines.choice;
  const parts = [
    ...(mixed === 0 ? [] : [`${mixed} left out as they mix TypeScript and Python`]),
    ...(excluded === 0 ? [] : [`${excluded} excluded`]),
    ...(unsampled === 0 ? [] : [`${unsampled} not in the sample`]),
  ];
  if (parts.length === 0) return "";
  return ` (of ${countPipelines(pipelines) + mixed + excluded + unsampled} pipelines, ${new Intl.ListFormat("en-GB").format(parts)})`;
}
