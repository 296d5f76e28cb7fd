// The user's own loss class: `class_loss_function` and `path_to_class_loss_function`, which come together.

import { type ClassSource, checkClassName, type Places, readClassSource } from "./class-source.ts";
import type { IniOption, IniSection } from "./ini.ts";
import type { Findings } from "./problem.ts";
import type { WrittenOption } from "./read-options.ts";

export interface OwnLoss {
  readonly className: string;
  readonly source: ClassSource;
}

/** Undefined where there is none, or a problem was found. */
export async function readOwnLoss(
  section: IniSection,
  options: readonly WrittenOption[],
  places: Places,
  findings: Findings,
): Promise<OwnLoss | undefined> {
  const find = (name: string) => section.options.find((option) => option.name === name && option.value !== "");
  const value = (name: string) => options.find((option) => option.name === name)?.values[0];
  const place = (option: IniOption) => ({
    line: option.line,
    section: section.name,
    option: option.name,
  });
  const nameOption = find("class_loss_function");
  const pathOption = find("path_to_class_loss_function");
  const lossFunction = find("loss_function");
  const own = nameOption ?? pathOption;
  if (own === undefined) return undefined;

  if (lossFunction !== undefined) {
    findings.problem({
      ...place(lossFunction),
      message: `${own.name} on ${findings.sources.lineText(own.line)} chooses another loss.`,
      remedy: "Keep loss_function, or class_loss_function with its path.",
    });
  }
  if (nameOption === undefined || pathOption === undefined) {
    const missing = nameOption === undefined ? "class_loss_function" : "path_to_class_loss_function";
    findings.problem({
      ...place(own),
      message: `${own.name} needs ${missing} beside it.`,
      remedy: `Add a line ${missing} = … to [${section.name}].`,
    });
  }
  const className = value("class_loss_function");
  const path = value("path_to_class_loss_function");
  if (className !== undefined && nameOption !== undefined) {
    const fault = checkClassName(className);
    if (fault !== undefined) findings.problem({ ...place(nameOption), ...fault });
  }
  const source = path === undefined ? undefined : await readClassSource(path, places);
  if (source !== undefined && !source.ok && pathOption !== undefined)
    findings.problem({ ...place(pathOption), ...source.fault });
  return className !== undefined && source?.ok ? { className, source: source.source } : undefined;
}
