import { messageOf } from "@ml-mosaic/base";
import {
  type AnyClass,
  checkValues,
  describeProblem,
  nestTexts,
  objectionsTo,
  type Problem,
} from "@ml-mosaic/configurable";
import { combinations } from "../config/combinations.ts";
import type { ClassSection, Experiment } from "../config/index.ts";
import { type Findings, Gathered, placed } from "../config/problem.ts";
import { loadClass } from "../modules/load-class.ts";
import { type ModuleSchema, moduleSchema } from "../modules/module-schema.ts";

/**
 * Loads every class that the configuration names and checks the options that their schemas know, so that what can be
 * known before the first run is known then.
 *
 * @throws ConfigurationError with all that is wrong
 */
export async function checkModules({ file, folder, sections, process }: Experiment): Promise<void> {
  const findings = new Gathered(file);
  for (const section of sections) await checkSection(section, folder, findings);
  if (process.ownLoss !== undefined) {
    const { className, source } = process.ownLoss;
    await loadClass(source, className, folder).catch((error: unknown) =>
      findings.problem({
        line: process.line,
        section: "PROCESS",
        option: "class_loss_function",
        message: `${messageOf(error)}.`,
        remedy: "Correct the class or the file.",
      }),
    );
  }
  if (findings.hasProblems) throw findings.failure();
}

async function checkSection(section: ClassSection, folder: string, findings: Findings): Promise<void> {
  try {
    const userClass = await loadClass(section.source, section.className, folder);
    const schema = moduleSchema(userClass);
    if (schema !== undefined && schema !== "unusable") checkOptions(section, userClass, schema, folder, findings);
  } catch (error) {
    findings.problem({
      line: section.classLine,
      section: section.name,
      option: "class",
      message: `${messageOf(error)}.`,
      remedy: "Correct class or path_to_class, or the file.",
    });
  }
}

/** Options may have to agree. What is missing may still come from the info() of another module. */
function checkOptions(
  section: ClassSection,
  userClass: AnyClass,
  { all, added }: ModuleSchema,
  folder: string,
  findings: Findings,
): void {
  const { options } = section;
  const places = { ...section, options: section.options.map(({ name, line, text }) => ({ name, line, value: text })) };
  const found = new Map<string, Problem>();
  for (const texts of combinations(options)) {
    const checked = checkValues(all, nestTexts(texts, all), { text: true, folder });
    const own = checked.ok ? Object.entries(checked.values).filter(([name]) => !added.includes(name)) : [];
    const problems = checked.ok ? objectionsTo(userClass, Object.fromEntries(own)) : checked.problems;
    for (const problem of problems) if (problem.kind !== "missing") found.set(describeProblem(problem), problem);
  }
  for (const problem of found.values()) findings.problem(placed(problem, places));
}
