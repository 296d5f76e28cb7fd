import { machineTrouble, messageOf } from "@ml-mosaic/base";
import {
  type AnyClass,
  checkValues,
  describeProblem,
  nestTexts,
  objectionsTo,
  type Problem,
} from "@ml-mosaic/configurable";
import { chosenCombinations } from "../../config/combinations.ts";
import type { ClassSection, Experiment } from "../../config/index.ts";
import { type Findings, placed } from "../../config/problem.ts";
import { constructorOptions, takesModuleInfo } from "../../modules/constructor-options.ts";
import { loadClass, type UserClass } from "../../modules/load-class.ts";
import { type ModuleSchema, moduleSchema, textsForTypes } from "../../modules/module-schema.ts";
import { unreadFault } from "../../modules/unread-options.ts";
import type { Texts } from "../../pipelines/pipeline.ts";

/**
 * Loads classes and checks the options that their schemas know, so that what can be known before the first run is known
 * then. What the machine fails at is no mistake, and thrown as it is.
 */
export async function checkClasses(
  experiment: Experiment,
  sections: readonly ClassSection[],
  findings: Findings,
): Promise<void> {
  const { process, folder } = experiment;
  const combinations = chosenCombinations(experiment);
  for (const section of sections) await checkSection(section, combinations(section), folder, findings);
  if (process.ownLoss === undefined || process.ownLoss.source.kind === "python") return;
  const { className, source } = process.ownLoss;
  await loadClass(source, className, folder).catch((error: unknown) => {
    if (machineTrouble(error) !== undefined) throw error;
    findings.problem({
      line: process.line,
      section: "PROCESS",
      option: "class_loss_function",
      message: `${messageOf(error)}.`,
      remedy: "Correct the class or the file.",
    });
  });
}

async function checkSection(
  section: ClassSection,
  combinations: Iterable<Texts>,
  folder: string,
  findings: Findings,
): Promise<void> {
  try {
    const userClass = await loadClass(section.source, section.className, folder);
    const schema = moduleSchema(userClass);
    if (schema === undefined) checkNames(section, userClass, findings);
    else if (schema !== "unusable") checkOptions(section, userClass, schema, { combinations, folder }, findings);
  } catch (error) {
    if (machineTrouble(error) !== undefined) throw error;
    findings.problem({
      line: section.classLine,
      section: section.name,
      option: "class",
      message: `${messageOf(error)}.`,
      remedy: "Correct class or path_to_class, or the file.",
    });
  }
}

/** Where the constructor alone can read options, those that it does not name are known before anything runs. */
function checkNames(section: ClassSection, userClass: UserClass, findings: Findings): void {
  const options = constructorOptions(userClass);
  if (options === undefined || takesModuleInfo(userClass)) return;
  const taken = [...options.required, ...options.optional];
  const inKey = section.key.flatMap((part) => ("option" in part ? [part.option] : []));
  for (const { name, line, text } of section.options) {
    if (taken.includes(name) || inKey.includes(name)) continue;
    findings.problem({
      line,
      section: section.name,
      option: name,
      value: text,
      ...unreadFault(name, section.className, taken),
    });
  }
}

/** Options may have to agree. What is missing may still come from the info() of another module. */
function checkOptions(
  section: ClassSection,
  userClass: AnyClass,
  { all, added }: ModuleSchema,
  { combinations, folder }: { readonly combinations: Iterable<Texts>; readonly folder: string },
  findings: Findings,
): void {
  const places = { ...section, options: section.options.map(({ name, line, text }) => ({ name, line, value: text })) };
  const found = new Map<string, Problem>();
  for (const texts of combinations) {
    const checked = checkValues(all, nestTexts(textsForTypes(texts, all), all), { text: true, folder });
    const own = checked.ok ? Object.entries(checked.values).filter(([name]) => !added.includes(name)) : [];
    const problems = checked.ok ? objectionsTo(userClass, Object.fromEntries(own)) : checked.problems;
    for (const problem of problems) if (problem.kind !== "missing") found.set(describeProblem(problem), problem);
  }
  for (const problem of found.values()) findings.problem(placed(problem, places));
}
