import type { Problem } from "@ml-mosaic/configurable";
import type { Experiment } from "../config/index.ts";
import { Gathered } from "../config/problem.ts";
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
  if (findings.hasProblems) throw findings.failure();
  return findings.notices;
}
