/** `command` of a program: words, with `{name}` in them for values. No shell stands between it and the program. */
import type { TextFault } from "@ml-mosaic/configurable";

type Part = { readonly text: string } | { readonly name: string };

/** Each word becomes one argument, whatever its values hold. */
export type Command = readonly (readonly Part[])[];

export interface ParsedCommand {
  readonly command: Command;
  readonly faults: readonly TextFault[];
}

/** What begins at a place: white space, a quoted text, a brace of its own, a name, or a letter. */
const pieces = /(?<space>\s+)|(?<quote>["'])|(?<brace>\{\{)|\{(?<name>[^{}\s"']*)\}|(?<open>\{)|(?<letter>.)/gsu;
const optionName = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

/** `python3 "my script.py" --lr {lr} --json '{{"a": 1}'`: quotes keep words together, `{{` is a brace. */
export function parseCommand(text: string): ParsedCommand {
  const faults: TextFault[] = [];
  const words: Part[][] = [];
  let word: Part[] | undefined;
  let quote = "";
  const add = (part: Part) => {
    word ??= [];
    const last = word.at(-1);
    if ("text" in part && last !== undefined && "text" in last) word[word.length - 1] = { text: last.text + part.text };
    else word.push(part);
  };
  for (const { 0: written, groups = {} } of text.matchAll(pieces)) {
    const { space, name, open } = groups;
    if (groups.quote !== undefined && (quote === "" || quote === written)) {
      quote = quote === "" ? written : "";
      // Quotes with nothing between them are an argument too.
      add({ text: "" });
    } else if (space !== undefined && quote === "") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (groups.brace !== undefined) add({ text: "{" });
    else if (open !== undefined || (name !== undefined && !optionName.test(name))) {
      faults.push({
        message: `"${written}" in the command is not the name of an option in braces.`,
        remedy: "Write {name} for a value, and {{ for a brace of the program's own.",
      });
      add({ text: written });
    } else add(name === undefined ? { text: written } : { name });
  }
  if (word !== undefined) words.push(word);
  if (quote !== "")
    faults.push({ message: `A quote ${quote} in the command is not closed.`, remedy: "Close it behind the word." });
  if (words.length === 0)
    faults.push({
      message: "The command is empty.",
      remedy: "Write what is to be started, such as python3 train.py --lr {lr}.",
    });
  return { command: words, faults };
}

/** The options that a command names. */
export function namesInCommand(command: Command): ReadonlySet<string> {
  return new Set(command.flatMap((word) => word.flatMap((part) => ("name" in part ? [part.name] : []))));
}

/** The arguments, the program first. */
export function fillCommand(command: Command, textOf: (name: string) => string): readonly string[] {
  return command.map((word) => word.map((part) => ("text" in part ? part.text : textOf(part.name))).join(""));
}
