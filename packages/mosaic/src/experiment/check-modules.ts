import { checkValues, describeProblem, isSchemaMap } from "@ml-mosaic/configurable";
import { type ClassSection, ConfigError, type Experiment, type Problem } from "../config/index.ts";
import { loadClass } from "../modules/load-class.ts";

/**
 * Loads every class that the configuration names and checks the options that their schemas know, so that what can be
 * known before the first run is known then.
 *
 * @throws ConfigError with all that is wrong
 */
export async function checkModules({ file, folder, sections, process }: Experiment): Promise<void> {
  const problems: Problem[] = [];
  for (const section of sections) problems.push(...(await checkSection(section, file, folder)));
  if (process.ownLoss !== undefined) {
    const { className, source } = process.ownLoss;
    await loadClass(source, className, folder).catch((error: unknown) =>
      problems.push({
        file,
        line: process.line,
        section: "PROCESS",
        option: "class_loss_function",
        value: className,
        code: "class-not-found",
        message: `${messageOf(error)}.`,
        remedy: "Correct the class or the file.",
      }),
    );
  }
  if (problems.length > 0) throw new ConfigError(file, problems);
}

async function checkSection(section: ClassSection, file: string, folder: string): Promise<readonly Problem[]> {
  const line = section.options.find(({ name }) => name === "class")?.line ?? section.line;
  const place = { file, line, section: section.name };
  try {
    const userClass = await loadClass(section.source, section.className, folder);
    const schema: unknown = Reflect.get(userClass, "configSchema");
    if (!isSchemaMap(schema)) return [];
    return checkOptions(section, schema, file, folder);
  } catch (error) {
    return [
      {
        ...place,
        option: "class",
        value: section.className,
        code: "class-not-found",
        message: `${messageOf(error)}.`,
        remedy: "Correct class or path_to_class, or the file.",
      },
    ];
  }
}

/** Every value of every option; what is missing may still come from the info() of another module. */
function checkOptions(
  section: ClassSection,
  schema: Parameters<typeof checkValues>[0],
  file: string,
  folder: string,
): readonly Problem[] {
  const found: Problem[] = [];
  for (const { name, line, values } of section.options) {
    if (["type", "class", "path_to_class", "key"].includes(name)) continue;
    for (const value of values) {
      const checked = checkValues(schema, { [name]: value }, { text: true, folder });
      const wrong = checked.ok ? [] : checked.problems.filter(({ kind }) => kind !== "missing");
      for (const problem of wrong) {
        found.push({
          file,
          line,
          section: section.name,
          option: name,
          value,
          code: `option-${problem.kind}`,
          message: `${describeProblem(problem)}.`,
          remedy:
            problem.kind === "unknown"
              ? `${section.className} takes ${Object.keys(schema).join(", ")}.`
              : "Correct the value.",
        });
      }
    }
  }
  return found;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
