/** How arguments and options are written on a command line. */
import { boolean, type Schema, type SchemaMap, schema } from "@ml-mosaic/configurable";
import type { Command } from "./command.ts";

/** The name of an option as it is written; one letter has one dash. */
export function spelled(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/** The options of a command under their names as they are written, `--help` among them. */
export function spelledOptions({ options }: Pick<Command, "options">): SchemaMap {
  const all = { ...options, help: schema(boolean, { aliases: ["h"], help: "show how it is used" }) };
  return Object.fromEntries(
    Object.entries(all).map(([name, option]) => [
      spelled(name),
      {
        ...option,
        // A switch is off where it is not written.
        default: option.default ?? (isSwitch(option) ? false : undefined),
        aliases: option.aliases.map(spelled),
        words: option.words ?? name.toUpperCase(),
      },
    ]),
  );
}

/** What stands for the words that follow an option: none for a switch. */
export function wordsOf(option: Schema<unknown>): readonly string[] {
  return isSwitch(option) ? [] : (option.words ?? "").split(" ");
}

function isSwitch({ type }: Schema<unknown>): boolean {
  return type.form?.kind === "boolean";
}

/** The only words that are taken, where that is so. */
export function choicesOf({ type: { form } }: Schema<unknown>): readonly string[] {
  return form?.kind === "literal" ? form.values.map(String) : [];
}

/** Whether it takes several: all words that are left, or an option as often as it is written. */
export function takesSeveral(option: Schema<unknown>): boolean {
  return option.type.form?.kind === "list" && wordsOf(option).length === 1;
}

/** `<config_file> [criterion] [overrides...]` */
export function argumentsUsage(command: Pick<Command, "arguments">): string {
  return Object.entries(command.arguments)
    .map(([name, argument]) => {
      const text = takesSeveral(argument) ? `${name}...` : name;
      return mayBeMissing(argument) ? `[${text}]` : `<${text}>`;
    })
    .join(" ");
}

export function mayBeMissing({ optional, default: value }: Schema<unknown>): boolean {
  return optional || value !== undefined;
}
