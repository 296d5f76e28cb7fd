import { nearestName } from "./nearest-name.ts";
import { copyPlain, isPlainObject } from "./plain-object.ts";
import type { Problem } from "./problem.ts";
import type { Infer, Schema, SchemaMap } from "./schema.ts";
import { isNullText } from "./text.ts";
import { accept, problemsUnder, type Reading, refuse } from "./type.ts";

/** A further place where values are looked for. Names that are no options are nothing to it. */
export interface Source {
  /** As it is to appear in messages: `info() of DATA_OR`. */
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Whether its strings are text to be read (`"4"` is 4). Default: no, its values are typed already. */
  readonly text?: boolean;
}

export interface CheckOptions {
  /** What is being checked, as it is to appear in messages: `[MLP_BRICK]`. */
  readonly context?: string;
  /** Whether strings among the values are text to be read (`"4"` is 4); other values are taken as typed. */
  readonly text?: boolean;
  /** The folder that relative paths start from. */
  readonly folder?: string;
  /** Where to look, in this order, for options that the values do not have. */
  readonly fallbacks?: readonly Source[];
}

/** The typed values of every option, or every problem there is. */
export type Checked<Values> =
  | { readonly ok: true; readonly values: Values }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads the values of all options. An option is looked for among `values`, then in each fallback, then comes its
 * default. It never throws on account of the values, and changes none of them.
 */
export function checkValues<Options extends SchemaMap>(
  schemas: Options,
  values: unknown,
  { context, text = false, folder, fallbacks = [] }: CheckOptions = {},
): Checked<Infer<Options>> {
  if (!isPlainObject(values)) {
    return {
      ok: false,
      problems: [{ kind: "invalid", path: [], value: values, expected: "a map of options", context }],
    };
  }
  const sources: readonly Source[] = [{ name: context ?? "the values given", values, text }, ...fallbacks];
  const problems: Problem[] = [...sharedNames(schemas), ...unknownNames(schemas, values)];
  const read: (readonly [string, unknown])[] = [];
  for (const [name, option] of Object.entries(schemas)) {
    const fallback = readDefault(name, option, folder);
    // A wrong default is a fault of its own, also where a value is given and it is not needed.
    if (!fallback.ok) problems.push(...fallback.problems);
    const reading = readGiven(name, option, sources, folder) ?? fallback;
    if (reading.ok) read.push([name, reading.value]);
    else if (reading !== fallback) problems.push(...reading.problems);
  }
  const checked: Readonly<Record<string, unknown>> = Object.fromEntries(read);
  return problems.length === 0 && hasEveryOption(schemas, checked)
    ? { ok: true, values: checked }
    : { ok: false, problems: problems.map((problem) => ({ ...problem, context })) };
}

/** What was given for an option; `undefined` where its default is to be taken. */
function readGiven(
  name: string,
  option: Schema<unknown>,
  sources: readonly Source[],
  folder: string | undefined,
): Reading<unknown> | undefined {
  for (const source of sources) {
    const { text = false, values } = source;
    const written = [name, ...option.aliases].find(
      (known) => Object.hasOwn(values, known) && values[known] !== undefined,
    );
    if (written === undefined) continue;
    const value = values[written];
    if (option.optional && (value === null || (text && typeof value === "string" && isNullText(value))))
      return undefined;
    const reading = value === null ? refuse(value, option.type.expected) : option.type.read(value, { text, folder });
    if (reading.ok) return reading;
    const from = source === sources[0] ? undefined : source.name;
    return {
      ok: false,
      problems: problemsUnder(written, reading.problems).map((problem) => ({ ...problem, source: from })),
    };
  }
  if (option.optional || option.default !== undefined) return undefined;
  const lookedIn = sources.map((source) => source.name);
  return {
    ok: false,
    problems: [{ kind: "missing", path: [name], value: undefined, expected: option.type.expected, lookedIn }],
  };
}

function readDefault(name: string, option: Schema<unknown>, folder: string | undefined): Reading<unknown> {
  if (option.default === undefined) return accept(undefined);
  const reading = option.type.read(copyPlain(option.default), { folder });
  if (reading.ok) return reading;
  return {
    ok: false,
    problems: problemsUnder(name, reading.problems).map((problem) => ({
      ...problem,
      expected: `${problem.expected} as the default`,
    })),
  };
}

function unknownNames(schemas: SchemaMap, values: Readonly<Record<string, unknown>>): readonly Problem[] {
  const known = Object.entries(schemas).flatMap(([name, option]) => [name, ...option.aliases]);
  const primary = Object.keys(schemas).join(", ");
  return Object.keys(values)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      kind: "unknown",
      path: [name],
      value: values[name],
      expected: primary === "" ? "no options" : primary,
      nearest: nearestName(name, known),
    }));
}

/** A name that two options claim: which of them it means could only be guessed. */
function sharedNames(schemas: SchemaMap): readonly Problem[] {
  return Object.entries(schemas).flatMap(([name, { aliases }]) =>
    aliases
      .filter((alias) =>
        Object.entries(schemas).some(
          ([other, option]) => other !== name && (other === alias || option.aliases.includes(alias)),
        ),
      )
      .map((alias) => ({
        kind: "invalid",
        path: [name],
        value: alias,
        expected: "an alias that no other option uses",
      })),
  );
}

function hasEveryOption<Options extends SchemaMap>(schemas: Options, values: object): values is Infer<Options> {
  return Object.keys(schemas).every((name) => Object.hasOwn(values, name));
}
