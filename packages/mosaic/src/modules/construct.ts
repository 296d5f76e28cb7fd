import { checkValues, describeProblem, readText } from "@ml-mosaic/configurable";
import type { PipelineEntry } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { constructorOptions } from "./constructor-options.ts";
import type { Info, ModuleInfo } from "./contract.ts";
import type { UserClass } from "./load-class.ts";
import { moduleSchema, nestOptions } from "./module-schema.ts";
import { asModule } from "./trainer-components.ts";

/** Options of a class section that Mosaic itself uses. */
const ownOptions: readonly string[] = ["type", "class", "path_to_class", "key", "name"];

/** What an earlier module's `info()` returned. */
export interface EarlierInfo {
  /** For messages: `info() of DatasetOr`. */
  readonly name: string;
  readonly values: Info;
}

export interface Construction {
  readonly entry: PipelineEntry;
  readonly userClass: UserClass;
  /** The latest module first. */
  readonly earlier: readonly EarlierInfo[];
  /** Relative paths of options of type `path` start here. */
  readonly folder: string;
}

export interface Constructed {
  readonly instance: object;
  readonly moduleInfo: ModuleInfo;
}

/** The module's options as texts, without those that Mosaic itself uses. */
export function classOptions(entry: PipelineEntry): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !ownOptions.includes(name)));
}

/**
 * Makes a module. Each value comes from the module's own section, else from the `info()` of the modules before it.
 *
 * @throws MosaicError that lists every missing or wrong value, or carries the constructor's own error
 */
export function constructModule({ entry, userClass, earlier, folder }: Construction): Constructed {
  const own = classOptions(entry);
  const schema = moduleSchema(userClass);
  if (schema === "unusable") throw problem(entry, ["its configSchema is not made of schema(…)"]);
  if (schema !== undefined) {
    const nested = nestOptions(own, schema.all);
    const checked = checkValues(schema.all, nested, {
      text: true,
      folder,
      context: sectionOf(entry),
      fallbacks: earlier,
    });
    if (!checked.ok) throw problem(entry, checked.problems.map(describeProblem));
    const picked = (wanted: (name: string) => boolean) =>
      Object.fromEntries(Object.entries(checked.values).filter(([name]) => wanted(name)));
    const instance = new userClass(picked((name) => !schema.added.includes(name)));
    return { instance: asModule(instance, checked.values), moduleInfo: picked((name) => Object.hasOwn(nested, name)) };
  }
  const moduleInfo = Object.fromEntries(Object.entries(own).map(([name, text]) => [name, readText(text)]));
  const available: Record<string, unknown> = {};
  for (const { values } of earlier.toReversed()) Object.assign(available, values);
  Object.assign(available, moduleInfo);
  const options = constructorOptions(userClass);
  if (options !== undefined) {
    const missing = options.required.filter((name) => !Object.hasOwn(available, name));
    if (missing.length > 0)
      throw problem(
        entry,
        missing.map((name) => missingMessage(name, entry, earlier)),
      );
    return { instance: new userClass(available), moduleInfo };
  }
  // The constructor takes the object whole: what it reads and does not find is known when it has run.
  const sought = new Set<string>();
  const missing = (options?: ErrorOptions) => {
    const hint =
      "; where it may be absent, give it a default in a configSchema or by destructuring the constructor's parameter";
    return problem(
      entry,
      Array.from(sought, (name) => missingMessage(name, entry, earlier) + hint),
      options,
    );
  };
  let instance: object;
  try {
    instance = new userClass(recordingMisses(available, sought));
  } catch (error) {
    // What is missing explains what came of it, such as a property of undefined.
    throw sought.size > 0 ? missing({ cause: error }) : error;
  }
  if (sought.size > 0) throw missing();
  return { instance, moduleInfo };
}

/** Names that the language itself looks up, in `JSON.stringify` and `await`. */
const languageNames: readonly string[] = ["toJSON", "then"];

function recordingMisses(values: Record<string, unknown>, sought: Set<string>): Readonly<Record<string, unknown>> {
  return new Proxy(values, {
    get(target, name, receiver) {
      if (typeof name === "string" && !(name in target) && !languageNames.includes(name)) sought.add(name);
      return Reflect.get(target, name, receiver);
    },
  });
}

function missingMessage(name: string, entry: PipelineEntry, earlier: readonly EarlierInfo[]): string {
  const places = [sectionOf(entry), ...earlier.map((each) => each.name)];
  return `${name} is missing: it is neither in ${places.join(" nor in ")}`;
}

function sectionOf(entry: PipelineEntry): string {
  return entry.name === undefined ? `the section of ${entry.class}` : `[${entry.name}]`;
}

function problem(
  { class: className, path_to_class: path }: PipelineEntry,
  problems: readonly string[],
  options?: ErrorOptions,
): MosaicError {
  // The first one in the first line, which is all that lists of runs show.
  return new MosaicError("bad-options", `${className} (${path}): ${problems.join("\n  ")}`, options);
}
