import { messageOf } from "@ml-mosaic/base";
import { checkValues, describeProblem, type Path, type SchemaMap } from "@ml-mosaic/configurable";
import { type ClassSection, ConfigError, type Experiment, type Problem } from "../config/index.ts";
import { loadClass } from "../modules/load-class.ts";
import { moduleSchema, nestOptions } from "../modules/module-schema.ts";

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
  const place = { file, line: section.classLine, section: section.name };
  try {
    const userClass = await loadClass(section.source, section.className, folder);
    const schema = moduleSchema(userClass);
    return schema === undefined || schema === "unusable" ? [] : checkOptions(section, schema.all, file, folder);
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

/**
 * Every value of every option, beside the first ones of all others: options may have to agree. What is missing may still
 * come from the info() of another module.
 */
function checkOptions(section: ClassSection, schema: SchemaMap, file: string, folder: string): readonly Problem[] {
  const { options } = section;
  const first = Object.fromEntries(
    options.flatMap(({ name, values }) => values.slice(0, 1).map((text) => [name, text])),
  );
  const found = new Map<string, Problem>();
  for (const varied of options) {
    for (const value of varied.values) {
      const given = { ...first, [varied.name]: value };
      const checked = checkValues(schema, nestOptions(given, schema), { text: true, folder });
      const wrong = checked.ok ? [] : checked.problems.filter(({ kind }) => kind !== "missing");
      for (const problem of wrong) {
        const { name, line } = optionAt(options, problem.path) ?? varied;
        const message = `${describeProblem(problem)}.`;
        found.set(`${name} ${message}`, {
          file,
          line,
          section: section.name,
          option: name,
          value: given[name] ?? value,
          code: `option-${problem.kind}`,
          message,
          remedy:
            problem.kind === "unknown"
              ? `${section.className} takes ${Object.keys(schema).join(", ")}.`
              : "Correct the value.",
        });
      }
    }
  }
  return [...found.values()];
}

/** The option that a problem is of; those of inner components are written with dots. */
function optionAt(options: readonly ClassOption[], path: Path): ClassOption | undefined {
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join(".");
    const option = options.find((each) => each.name === name);
    if (option !== undefined) return option;
  }
  return undefined;
}

type ClassOption = ClassSection["options"][number];
