import { isPlainObject, nearestName } from "@ml-mosaic/base";
import { gather } from "./gather.ts";
import { copyPlain } from "./plain-object.ts";
import type { Problem } from "./problem.ts";
import type { Schema, SchemaMap } from "./schema.ts";
import { isNullText } from "./text/scalars.ts";
import { accept, problemsUnder, type Reading, type ReadOptions, refuse, type Type } from "./types/type.ts";

/** A further place where values are looked for. Names that are no options are nothing to it. */
export interface Source {
  /** As it is to appear in messages: `info() of DATA_OR`. */
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Whether its strings are text to be read (`"4"` is 4). Default: no, its values are typed already. */
  readonly text?: boolean | undefined;
}

export interface ReadValuesOptions extends ReadOptions {
  /** How messages call the values themselves. */
  readonly name: string;
  readonly fallbacks?: readonly Source[];
  /** Names that may stand beside the options, and are not theirs. */
  readonly besides?: readonly string[];
}

/** The values of all options under their own names, in the order of the declaration; paths start at the options. */
export function readValues(
  schemas: SchemaMap,
  values: unknown,
  { name: sourceName, fallbacks = [], besides = [], text, ...options }: ReadValuesOptions,
): Reading<Readonly<Record<string, unknown>>> {
  if (!isPlainObject(values)) return refuse(values, "a map of options");
  const sources: readonly Source[] = [{ name: sourceName, values, text }, ...fallbacks];
  const parts: (readonly [string, Reading<unknown>])[] = [];
  const strange = [...sharedNames(schemas), ...unknownNames(schemas, values, besides)];
  if (strange.length > 0) parts.push(["", { ok: false, problems: strange }]);
  for (const [name, option] of Object.entries(schemas)) {
    const fallback = readDefault(name, option, options);
    const given = readGiven(name, option, sources, options);
    // A wrong default is a fault of its own, also where a value is given and it is not needed.
    if (!fallback.ok) parts.push([name, fallback]);
    if (given !== undefined) parts.push([name, given]);
    else if (fallback.ok) parts.push([name, fallback]);
  }
  return gather(parts, (entries) => Object.fromEntries(entries));
}

/** What was given for an option; `undefined` where its default is to be taken. */
function readGiven(
  name: string,
  option: Schema<unknown>,
  sources: readonly Source[],
  options: ReadOptions,
): Reading<unknown> | undefined {
  for (const source of sources) {
    const { text = false, values } = source;
    const written = [name, ...option.aliases].find(
      (known) => Object.hasOwn(values, known) && values[known] !== undefined,
    );
    if (written === undefined || (option.unless !== undefined && values[written] === null)) continue;
    const value = values[written];
    if (option.optional && (value === null || (text && isNothing(option.type, value)))) return undefined;
    const reading =
      value === null ? refuse(value, option.type.expected) : option.type.read(value, { ...options, text });
    if (reading.ok) return reading;
    const from = source === sources[0] ? undefined : source.name;
    return {
      ...reading,
      problems: problemsUnder(written, reading.problems).map((problem) =>
        problem.kind === "invalid" ? { ...problem, source: from } : problem,
      ),
    };
  }
  const { unless } = option;
  const isReplaced = unless === undefined || sources.some(({ values }) => (values[unless] ?? undefined) !== undefined);
  if ((option.optional && isReplaced) || option.default !== undefined) return undefined;
  const lookedIn = sources.map((source) => source.name);
  const expected = option.type.expected + (unless === undefined ? "" : `, or ${unless}`);
  return { ok: false, problems: [{ kind: "missing", path: [name], value: undefined, expected, lookedIn }] };
}

/** Whether text says that there is no value: `None`, unless that is a word of the option's own. */
export function isNothing(type: Type<unknown>, value: unknown): boolean {
  return typeof value === "string" && isNullText(value) && !isOwnWord(type, value);
}

function isOwnWord(type: Type<unknown>, value: string): boolean {
  switch (type.form?.kind) {
    case "axis":
      return isOwnWord(type.form.value, value);
    case "union":
      return type.form.members.some((member) => isOwnWord(member, value));
    case "literal":
      return type.read(value, { text: true }).ok;
    default:
      return false;
  }
}

function readDefault(name: string, option: Schema<unknown>, options: ReadOptions): Reading<unknown> {
  if (option.default === undefined) return accept(undefined);
  const reading = option.type.read(copyPlain(option.default), { ...options, text: false });
  return reading.ok ? reading : { ok: false, problems: problemsUnder(name, reading.problems).map(asDefault) };
}

function asDefault(problem: Problem): Problem {
  return problem.kind === "invalid" ? { ...problem, expected: `${problem.expected} as the default` } : problem;
}

function unknownNames(
  schemas: SchemaMap,
  values: Readonly<Record<string, unknown>>,
  besides: readonly string[],
): readonly Problem[] {
  const known = [...besides, ...knownNames(schemas)];
  const primary = [...besides, ...Object.keys(schemas)].join(", ");
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

/** The names of all options, and their aliases. */
export function knownNames(schemas: SchemaMap): readonly string[] {
  return Object.entries(schemas).flatMap(([name, option]) => [name, ...option.aliases]);
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
