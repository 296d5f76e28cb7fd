// Checks the dotted options (`optimizer.momentum`) against the components that the file chooses (`optimizer = SGD`).

import { suggestName } from "@ml-mosaic/base";
import type { IniSection } from "./ini.ts";
import type { Findings } from "./problem.ts";
import type { ProcessOption } from "./process-option.ts";
import { componentOptions, GROUPS, type Group, groupComponents, groupDefault, splitDotted } from "./process-options.ts";
import { parseSetting } from "./setting.ts";
import type { Components, Vocabulary } from "./vocabulary.ts";

interface Context {
  readonly section: IniSection;
  /** Those that could be read. */
  readonly options: readonly ProcessOption[];
  /** All names in the section, also of options that could not be read. */
  readonly written: ReadonlySet<string>;
  readonly vocabulary: Vocabulary;
  readonly findings: Findings;
}

export function checkComponents(context: Context): void {
  for (const group of GROUPS) {
    const components = groupComponents(group, context.vocabulary);
    const chosen = chosenComponents(group, components, context);
    if (chosen === undefined) continue;
    for (const option of context.options) {
      if (splitDotted(option.name)?.group === group) checkDotted(option, group, chosen, components, context);
    }
    checkRequired(group, chosen, components, context);
  }
}

/** The names that the main option has, one or several; undefined where they are wrong and nothing can be said. */
function chosenComponents(
  group: Group,
  components: Components,
  { section, options, written, findings }: Context,
): readonly string[] | undefined {
  const main = options.find(({ name }) => name === group);
  if (main === undefined) {
    if (written.has(group)) return undefined;
    if (group === "loss_function" && written.has("class_loss_function")) return [];
    const fallback = groupDefault(group);
    return fallback === undefined ? [] : [fallback];
  }
  const unknown = main.values.filter((value) => componentOptions(components, value) === undefined);
  for (const value of unknown) {
    findings.problem({
      line: main.line,
      section: section.name,
      option: group,
      value: main.text,
      code: "unknown-name",
      message: `"${value}" is not a known ${group.replace("_", " ")}.`,
      remedy: suggestName(value, Object.keys(components)),
    });
  }
  return unknown.length > 0 ? undefined : main.values;
}

function checkDotted(
  option: ProcessOption,
  group: Group,
  chosen: readonly string[],
  components: Components,
  context: Context,
): void {
  const { section, findings } = context;
  const name = option.name.slice(group.length + 1);
  const place = { line: option.line, section: section.name, option: option.name, value: option.text };
  if (chosen.every((component) => component === "None")) {
    const needed = group === "early_stopping" ? "early_stopping = True" : `${group} = …`;
    const isOwnLoss = group === "loss_function" && context.written.has("class_loss_function");
    findings.problem({
      ...place,
      code: "option-without-component",
      message: `There is no ${group.replace("_", " ")} that it could apply to.`,
      remedy: isOwnLoss
        ? "Remove the line: an own loss class has no options here."
        : `Add a line ${needed}, or remove this one.`,
    });
    return;
  }
  // Options of an early stopping that is switched off may stay in the file, and are checked as if it were on.
  const relevant = group === "early_stopping" ? ["True"] : chosen;
  const specOf = (component: string) => componentOptions(components, component)?.find((spec) => spec.name === name);
  const specs = relevant.map(specOf).filter((spec) => spec !== undefined);
  if (specs.length === 0) {
    const known = [
      ...new Set(
        relevant.flatMap((component) => componentOptions(components, component) ?? []).map((spec) => spec.name),
      ),
    ];
    const owners = Object.keys(components).filter((component) => specOf(component) !== undefined);
    const who = group === "early_stopping" ? "Early stopping" : relevant.join(", ");
    findings.problem({
      ...place,
      code: "unknown-option",
      message: `${who} has no option "${name}".`,
      remedy: owners.length > 0 ? `It belongs to ${owners.join(", ")}.` : suggestName(name, known),
    });
    return;
  }
  const wrong = new Map(
    specs
      .flatMap((spec) => option.values.map((value) => parseSetting(spec, value)))
      .flatMap((result) => (result.ok ? [] : [[result.fault.message, result.fault]])),
  );
  for (const fault of wrong.values()) findings.problem({ ...place, ...fault });

  const without = chosen.filter((component) => specOf(component) === undefined);
  if (without.length === 0) return;
  if (option.isAxis) {
    findings.problem({
      ...place,
      code: "axis-without-effect",
      message: `${without.join(", ")} does not use the option, so that the list would repeat the same run.`,
      remedy: `Write one value, or compare ${group} in a file of its own.`,
    });
    return;
  }
  // Nobody expects the options of a scheduler to matter where there is none.
  const surprising = group === "early_stopping" ? [] : without.filter((component) => component !== "None");
  if (surprising.length === 0) return;
  findings.notice({
    ...place,
    code: "option-without-effect",
    message: `${surprising.join(", ")} does not use the option.`,
    remedy: `It applies to ${chosen.filter((component) => !without.includes(component)).join(", ")} only.`,
  });
}

function checkRequired(
  group: Group,
  chosen: readonly string[],
  components: Components,
  { section, options, written, findings }: Context,
): void {
  const main = options.find(({ name }) => name === group);
  for (const component of chosen) {
    for (const spec of componentOptions(components, component) ?? []) {
      const name = `${group}.${spec.name}`;
      if (!spec.required || written.has(name)) continue;
      findings.problem({
        line: main?.line ?? section.line,
        section: section.name,
        option: group,
        value: component,
        code: "missing-option",
        message: `${group === "early_stopping" ? "Early stopping" : component} needs ${name}.`,
        remedy: `Add a line ${name} = … to [${section.name}].`,
      });
    }
  }
}
