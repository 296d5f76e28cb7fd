/** Checks what [PROCESS] says of a component, `optimizer = SGD` and `optimizer.momentum = 0.9`, in every combination. */

import {
  ConfigurationError,
  configOfText,
  construct,
  describeProblem,
  nestTexts,
  type Problem,
} from "@ml-mosaic/configurable";
import { sortedTexts } from "../pipelines/pipeline.ts";
import { combinations } from "./combinations.ts";
import type { IniSection } from "./ini.ts";
import { type Findings, placed } from "./problem.ts";
import { isNothing, spelling, usesOption } from "./process-components.ts";
import { defaultText, type Group, processOptions } from "./process-options.ts";
import type { WrittenOption } from "./read-options.ts";
import { buildComponent } from "./run-settings.ts";

interface Context {
  readonly section: IniSection;
  /** Those that could be read. */
  readonly options: readonly WrittenOption[];
  readonly folder: string;
  readonly findings: Findings;
}

export function checkComponent(group: Group, context: Context): void {
  const { section, options, findings } = context;
  const isWritten = (name: string) => section.options.some((option) => option.name === name);
  const main = options.find(({ name }) => name === group);
  if (main === undefined && isWritten(group)) return;
  const isOwnLoss = group === "loss_function" && isWritten("class_loss_function");
  const meant = isOwnLoss ? "None" : defaultText(group);
  const chosen = main?.values ?? [meant];
  const isNeeded = group === "optimizer" || (group === "loss_function" && !isOwnLoss);
  const nothing = isNeeded ? main?.values.find(isNothing) : undefined;
  if (main !== undefined && nothing !== undefined) {
    const what = group.replace("_function", "");
    findings.problem({
      line: main.line,
      section: section.name,
      option: group,
      message: `"${nothing}" is no ${what}, and every training has one.`,
      remedy: `Choose one, or leave the option out for ${defaultText(group)}.`,
    });
    return;
  }
  const inner = options.filter(({ name }) => name.startsWith(`${group}.`));
  // Options of an early stopping that is switched off may stay in the file, and are checked as if it were on.
  const isSwitch = group === "early_stopping" && main !== undefined;
  if (!isSwitch && chosen.every(isNothing)) {
    reportRepeated(group, main, [], context);
    for (const option of inner) reportWithout(option, group, isOwnLoss, context);
    return;
  }
  const usersOf = new Map(
    inner.map((option) => [option, chosen.filter((text) => usesOption(group, text, option.name))]),
  );
  for (const [option, users] of usersOf) reportUnused(option, group, chosen, users, context);
  for (const option of inner) reportSaidTwice(option, group, chosen, context);
  const usedByAll = inner.filter(
    ({ name, isAxis }) => !isAxis || chosen.every((text) => !isNothing(text) && usesOption(group, text, name)),
  );
  reportRepeated(group, main, usedByAll, context);
  const found = new Map<string, Problem>();
  for (const text of chosen) {
    if (isNothing(text) && !isSwitch) continue;
    // What none of them has is a mistake of all; what another has is not given to this one.
    const relevant = inner.filter(
      (option) => [0, undefined].includes(usersOf.get(option)?.length) || usesOption(group, text, option.name),
    );
    const own = { name: group, values: [isNothing(text) ? "True" : text] };
    // An optimizer gets the lr of [PROCESS].
    const given = group === "optimizer" ? options.filter(({ name }) => name === "lr") : [];
    for (const values of combinations([own, ...given, ...relevant]))
      for (const problem of problemsWith(group, values, context))
        found.set(describeProblem("owners" in problem ? { ...problem, expected: "" } : problem), problem);
  }
  for (const problem of found.values()) findings.problem(placed(problem, section));
}

/** `optimizer = SGD(momentum=0.9)` beside `optimizer.momentum = 0.5`. */
function reportSaidTwice(
  { name, line }: WrittenOption,
  group: Group,
  chosen: readonly string[],
  { section, findings }: Context,
): void {
  const option = name.slice(group.length + 1);
  const saying = chosen.find((text) => {
    const given = configOfText(text);
    return given.ok && Object.hasOwn(given.config, option);
  });
  if (saying === undefined) return;
  findings.problem({
    line,
    section: section.name,
    option: name,
    message: `${group} = ${saying} has ${option} too.`,
    remedy: "Keep one of the two.",
  });
}

/** Values that say the same in different words. */
function reportRepeated(
  group: Group,
  main: WrittenOption | undefined,
  inner: readonly WrittenOption[],
  { section, findings }: Context,
): void {
  if (main === undefined) return;
  const spelt = spelling();
  const seen = new Map<string, string>();
  // Which values come together where a zip says it is known later.
  const beside = section.options.some(({ name }) => name === "zip") ? inner.filter(({ isAxis }) => !isAxis) : inner;
  for (const texts of combinations([main, ...beside])) {
    const key = JSON.stringify(sortedTexts(spelt(texts)));
    const [written = "", before] = [texts[group], seen.get(key)];
    seen.set(key, written);
    // A value that another option of the component has twice is reported there.
    const isThere = main.values.indexOf(written) !== main.values.lastIndexOf(written);
    if (before === undefined || (before === written && !isThere)) continue;
    findings.problem({
      line: main.line,
      section: section.name,
      option: group,
      message: `${before === written ? `"${written}" is in the list twice` : `"${before}" and "${written}" are the same`}, so that every one of its pipelines would be there twice.`,
      remedy: "Write it once; multiplicity repeats runs.",
    });
    return;
  }
}

function problemsWith(
  group: Group,
  texts: Readonly<Record<string, string>>,
  { options, folder }: Context,
): readonly Problem[] {
  const { lr, ...own } = texts;
  const nested = nestTexts(own, processOptions)[group];
  const given = configOfText(nested);
  if (!given.ok) return under(group, given.problems);
  if (group === "optimizer" && Object.hasOwn(given.config, "lr"))
    return [{ kind: "precondition", path: [group, "lr"], message: "it is lr of [PROCESS]: write lr = 0.01" }];
  const value = lr === undefined ? nested : { ...given.config, lr };
  const reading = processOptions[group].type.read(value, { text: true, folder });
  if (!reading.ok) {
    // A wrong lr is reported where it is written.
    return under(
      group,
      reading.problems.filter(({ kind, path: [first] }) => kind !== "invalid" || first !== "lr"),
    );
  }
  try {
    buildComponent(construct<unknown>(reading), Number(options.find(({ name }) => name === "epochs")?.values[0] ?? 1));
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return under(group, error.problems);
    return [{ kind: "construction", path: [group], message: error instanceof Error ? error.message : String(error) }];
  }
}

function under(group: Group, problems: readonly Problem[]): readonly Problem[] {
  return problems.map((problem) => ({ ...problem, path: [group, ...problem.path] }));
}

function reportWithout(
  { name, line }: WrittenOption,
  group: Group,
  isOwnLoss: boolean,
  { section, findings }: Context,
): void {
  findings.problem({
    line,
    section: section.name,
    option: name,
    message: `There is no ${group.replace("_", " ")} that it could apply to.`,
    remedy: isOwnLoss
      ? "Remove the line: an own loss class has no options here."
      : `Add a line ${group} = ${group === "early_stopping" ? "True" : "…"}, or remove this one.`,
  });
}

function reportUnused(
  { name, line, isAxis }: WrittenOption,
  group: Group,
  chosen: readonly string[],
  users: readonly string[],
  { section, findings }: Context,
): void {
  const without = chosen.filter((text) => !users.includes(text) || isNothing(text));
  if (users.length === 0 || without.length === 0) return;
  const place = { line, section: section.name, option: name };
  if (isAxis) {
    findings.problem({
      ...place,
      message: `${without.join(", ")} does not use the option, so that the list would repeat the same run.`,
      remedy: `Write one value, or compare ${group} in a file of its own.`,
    });
    return;
  }
  // Nobody expects the options of a scheduler to matter where there is none.
  const surprising = without.filter((text) => !isNothing(text));
  if (surprising.length === 0) return;
  findings.notice({
    ...place,
    message: `${surprising.join(", ")} does not use the option.`,
    remedy: `It applies to ${users.join(", ")} only.`,
  });
}
