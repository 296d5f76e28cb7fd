import type { Problem } from "@ml-mosaic/configurable";
import { type Experiment, languageOfSource } from "../config/index.ts";
import { type Findings, Gathered } from "../config/problem.ts";
import { languages, sectionsByLanguage } from "../languages/languages.ts";

/**
 * Looks at every class that the configuration names, so that what can be known before the first run is known then.
 *
 * @returns what the user should know although nothing is wrong
 * @throws ConfigurationError with all that is wrong; what the machine fails at is no mistake, and thrown as it is
 */
export async function checkModules(experiment: Experiment): Promise<readonly Problem[]> {
  const findings = new Gathered(experiment.sources);
  for (const [language, sections] of sectionsByLanguage(experiment))
    await languages[language].check(experiment, sections, findings);
  checkLossLanguage(experiment, findings);
  if (findings.hasProblems) throw findings.failure();
  return findings.notices;
}

/** A loss is computed by the worker of the modules; programs have one of their own. */
function checkLossLanguage({ process, sections }: Experiment, findings: Findings): void {
  if (process.ownLoss === undefined) return;
  const { className, source } = process.ownLoss;
  const language = languageOfSource(source);
  const other = sections.find((each) => ![language, "Program"].includes(languageOfSource(each.source)));
  if (other === undefined) return;
  findings.problem({
    line: process.line,
    section: "PROCESS",
    option: "class_loss_function",
    message: `${className} is ${language}, and [${other.name}] is not: a pipeline's classes are all of one language.`,
    remedy: "Choose a loss_function that both have, or leave the classes of the other language out.",
  });
}
