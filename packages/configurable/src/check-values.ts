import { ConfigurationError } from "./configuration-error.ts";
import type { Problem } from "./problem.ts";
import { readValues, type Source } from "./read-values.ts";
import type { Infer, SchemaMap } from "./schema.ts";
import { construct } from "./types/type.ts";

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
 * default. Components among the values are constructed once everything is checked. It never throws on account of the
 * values, and changes none of them.
 */
export function checkValues<Options extends SchemaMap>(
  schemas: Options,
  values: unknown,
  { context, ...options }: CheckOptions = {},
): Checked<Infer<Options>> {
  const reading = readValues(schemas, values, { ...options, name: context ?? "the values given" });
  const refused = (problems: readonly Problem[]) => ({
    ok: false as const,
    problems: problems.map((problem) => ({ ...problem, context })),
  });
  if (!reading.ok) return refused(reading.problems);
  let checked: Readonly<Record<string, unknown>>;
  try {
    checked = construct(reading);
  } catch (error) {
    if (error instanceof ConfigurationError) return refused(error.problems);
    throw error;
  }
  if (!hasEveryOption(schemas, checked)) throw new TypeError("an option has got no value");
  return { ok: true, values: checked };
}

function hasEveryOption<Options extends SchemaMap>(schemas: Options, values: object): values is Infer<Options> {
  return Object.keys(schemas).every((name) => Object.hasOwn(values, name));
}
