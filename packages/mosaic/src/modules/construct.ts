import { checkValues, describeProblem, nestTexts, readText } from "@ml-mosaic/configurable";
import { MosaicError } from "../errors.ts";
import type { ModuleSpec } from "../pipelines/pipeline.ts";
import { constructorOptions } from "./constructor-options.ts";
import type { Info, ModuleInfo } from "./contract.ts";
import type { UserClass } from "./load-class.ts";
import { moduleSchema, textsForTypes } from "./module-schema.ts";
import { asModule } from "./trainer-components.ts";
import { watchOptions } from "./unread-options.ts";

/** What an earlier module's `info()` returned. */
export interface EarlierInfo {
  /** For messages: `info() of DatasetOr`. */
  readonly name: string;
  readonly values: Info;
}

export interface Construction {
  readonly spec: ModuleSpec;
  readonly userClass: UserClass;
  /** The latest module first. */
  readonly earlier: readonly EarlierInfo[];
  /** Relative paths of options of type `path` start here. */
  readonly folder: string;
}

export interface Constructed {
  readonly instance: object;
  readonly moduleInfo: ModuleInfo;
  /** Of a class without a schema: says which options were read neither by the constructor nor, since, from `moduleInfo`. */
  readonly unread?: () => readonly string[];
}

/**
 * Makes a module. Each value comes from the module's own section, else from the `info()` of the modules before it.
 *
 * @throws MosaicError that lists every missing or wrong value, or carries the constructor's own error
 */
export function constructModule({ spec, userClass, earlier, folder }: Construction): Constructed {
  const schema = moduleSchema(userClass);
  if (schema === "unusable") throw problem(spec, ["its configSchema is not made of schema(…)"]);
  if (schema !== undefined) {
    const nested = nestTexts(textsForTypes(spec.options, schema.all), schema.all);
    const checked = checkValues(schema.all, nested, {
      text: true,
      folder,
      context: sectionOf(spec),
      fallbacks: earlier,
    });
    if (!checked.ok) throw problem(spec, checked.problems.map(describeProblem));
    const picked = (wanted: (name: string) => boolean) =>
      Object.fromEntries(Object.entries(checked.values).filter(([name]) => wanted(name)));
    const instance = new userClass(picked((name) => !schema.added.includes(name)));
    return { instance: asModule(instance, checked.values), moduleInfo: picked((name) => Object.hasOwn(nested, name)) };
  }
  const own = Object.fromEntries(Object.entries(spec.options).map(([name, text]) => [name, readText(text)]));
  const { values: moduleInfo, unread } = watchOptions(own);
  const available: Record<string, unknown> = {};
  for (const { values } of earlier.toReversed()) Object.assign(available, values);
  Object.defineProperties(available, Object.getOwnPropertyDescriptors(moduleInfo));
  const options = constructorOptions(userClass);
  if (options !== undefined) {
    const missing = options.required.filter((name) => !Object.hasOwn(available, name));
    if (missing.length > 0)
      throw problem(
        spec,
        missing.map((name) => missingMessage(name, spec, earlier)),
      );
    return { instance: new userClass(available), moduleInfo, unread };
  }
  // The constructor takes the object whole: what it reads and does not find is known when it has run.
  const sought = new Set<string>();
  const missing = (options?: ErrorOptions) => {
    const hint =
      "; where it may be absent, give it a default in a configSchema or by destructuring the constructor's parameter";
    return problem(
      spec,
      Array.from(sought, (name) => missingMessage(name, spec, earlier) + hint),
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
  return { instance, moduleInfo, unread };
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

function missingMessage(name: string, spec: ModuleSpec, earlier: readonly EarlierInfo[]): string {
  const places = [sectionOf(spec), ...earlier.map((each) => each.name)];
  return `${name} is missing: it is neither in ${places.join(" nor in ")}`;
}

function sectionOf({ section, className }: ModuleSpec): string {
  return section === undefined ? `the section of ${className}` : `[${section}]`;
}

function problem({ className, path }: ModuleSpec, problems: readonly string[], options?: ErrorOptions): MosaicError {
  // The first one in the first line, which is all that lists of runs show.
  return new MosaicError("BAD_OPTIONS", `${className} (${path}): ${problems.join("\n  ")}`, options);
}
