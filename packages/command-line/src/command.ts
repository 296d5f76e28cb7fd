/** What a command is: its arguments and options, declared once, and what it does with their values. */
import type { Infer, Objections, SchemaMap } from "@ml-mosaic/configurable";

/** 0 done, 1 some runs failed, 2 wrong usage or input, 3 stopped with work left. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress, notices and errors. */
  readonly err: (text: string) => void;
  /** Whether progress may move the cursor. */
  readonly isLive: boolean;
  /** The line that the user types as an answer, undefined where the input ends; absent where nobody can be asked. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<string | undefined>;
}

/** What the user wrote by name, read as the declarations say. */
export type Given<A extends SchemaMap = SchemaMap, O extends SchemaMap = SchemaMap> = Infer<A> & Infer<O>;

export interface CommandDescription<A extends SchemaMap, O extends SchemaMap> {
  /** The verb: what follows the program's name. */
  readonly name: string;
  readonly summary: string;
  /** In the order in which they are written. A list at the end takes all words that are left. */
  readonly arguments: A;
  /**
   * `epochs` is written `--epochs` or `-epochs`, an alias of one letter `-e`. A boolean is a switch, which is
   * off where it is not written; a list may be written several times.
   */
  readonly options: O;
  readonly examples: readonly string[];
  /** What it prints can be had again from what it keeps: it has not failed where its output is lost. */
  readonly keepsResults?: boolean;
  /** Says what is wrong with values that are right each by itself: returns messages, yields them, or throws. */
  preconditions?(given: NoInfer<Given<A, O>>): Objections;
}

export interface Command extends CommandDescription<SchemaMap, SchemaMap> {
  run(given: Given, terminal: Terminal): Promise<ExitCode>;
}

/** Declares a command. */
export function command<A extends SchemaMap, O extends SchemaMap>(
  description: CommandDescription<A, O> & { run(given: NoInfer<Given<A, O>>, terminal: Terminal): Promise<ExitCode> },
): Command {
  return description;
}
