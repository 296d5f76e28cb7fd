/** What a command is: its arguments and options, declared once, and what it does with their values. */

/** 0 done, 1 some runs failed, 2 wrong usage or input, 3 stopped with work left. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress, notices and errors. */
  readonly err: (text: string) => void;
  /** Whether progress may move the cursor. */
  readonly isLive: boolean;
}

/** What is taken instead of any text. */
interface ValueSpec {
  readonly name: string;
  readonly help: string;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
  /** A whole number within these bounds is wanted. */
  readonly whole?: { readonly least: number; readonly most?: number };
  /** What is taken where nothing is written. */
  readonly default?: string | number;
}

export interface ArgumentSpec extends ValueSpec {
  /** It may be left out; only the last ones can be. What has a default can too. */
  readonly optional?: boolean;
}

export interface OptionSpec extends ValueSpec {
  /** One letter that stands for the name: `v`. */
  readonly short?: string;
  /** Name of the option's value; without it the option is a switch. */
  readonly value?: string;
  /** Name of a second value, which follows the first one. */
  readonly secondValue?: string;
  /** The command cannot do without it. */
  readonly required?: boolean;
}

type Arguments = readonly ArgumentSpec[];
type Options = readonly OptionSpec[];

type Written<Spec> = Spec extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Spec extends { readonly whole: object }
    ? number
    : string;

type ArgumentValue<Spec> = Spec extends { readonly default: string | number }
  ? Written<Spec>
  : Spec extends { readonly optional: true }
    ? Written<Spec> | undefined
    : Written<Spec>;

type OptionValue<Spec> = Spec extends { readonly secondValue: string }
  ? readonly [string, string] | undefined
  : Spec extends { readonly value: string }
    ?
        | Written<Spec>
        | (Spec extends { readonly required: true } | { readonly default: string | number } ? never : undefined)
    : boolean;

/** What the user wrote by name, checked against the specification, and of the types that it says. */
export type Given<A extends Arguments = readonly [], O extends Options = readonly []> = {
  readonly [Spec in A[number] as Spec["name"]]: ArgumentValue<Spec>;
} & { readonly [Spec in O[number] as Spec["name"]]: OptionValue<Spec> };

export interface CommandDescription<A extends Arguments, O extends Options> {
  /** The verb: what follows the program's name. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: A;
  readonly options: O;
  readonly examples: readonly string[];
  /** What it prints can be had again from what it keeps: it has not failed where its output is lost. */
  readonly keepsResults?: boolean;
}

export interface Command extends CommandDescription<Arguments, Options> {
  /** @param values of all arguments and options, as their specifications say */
  run(values: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode>;
}

/** Declares a command. */
export function command<const A extends Arguments, const O extends Options>({
  run,
  ...description
}: CommandDescription<A, O> & { run(given: Given<A, O>, terminal: Terminal): Promise<ExitCode> }): Command {
  return {
    ...description,
    run(values, terminal) {
      const given: Given<A, O> = Object(values);
      return run(given, terminal);
    },
  };
}
