/** The files that a program consists of: those that its command names, and those that `files` lists. */
import { statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { unquotedText } from "@ml-mosaic/configurable";
import { type Command, parseCommand } from "./command.ts";
import { programOptions } from "./options.ts";

/** A larger one that a command names is data. */
const mostScriptBytes = 16 * 1024 * 1024;

/** The files that a program consists of, as far as they are there. */
export function programFiles(values: ValuesOf, folder: string): readonly string[] {
  const { command } = parseCommand(values("command")?.[0] ?? "");
  const files = filesOption(values("files")?.[0]);
  const words = command.flatMap((word, index) => {
    // What stands on PATH is installed, as packages are.
    const texts = allTexts(word, values);
    return index === 0 ? texts.filter((text) => text.includes("/") && !isAbsolute(text)) : texts;
  });
  const scripts = words.map((word) => resolve(folder, word)).filter((path) => sizeOf(path) <= mostScriptBytes);
  const named = files.map((file) => resolve(folder, file)).filter((path) => sizeOf(path) < Number.POSITIVE_INFINITY);
  return [...new Set([...scripts, ...named])].sort();
}

/** The values that an option may have; undefined where they are not known, or no part of a path. */
export type ValuesOf = (name: string) => readonly string[] | undefined;

/** Of a word of a command all that it may be. */
export function allTexts(word: Command[number], values: ValuesOf): readonly string[] {
  return word.reduce<readonly string[]>(
    (texts, part) => {
      const endings = "text" in part ? [part.text] : (values(part.name) ?? []).map(unquotedText);
      return texts.flatMap((text) => endings.map((ending) => text + ending));
    },
    [""],
  );
}

/** Infinity for what is no file. */
function sizeOf(path: string): number {
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry?.isFile() === true ? entry.size : Number.POSITIVE_INFINITY;
}

export function filesOption(text: string | undefined): readonly string[] {
  const reading = programOptions.files.type.read(text ?? "", { text: true });
  return reading.ok ? reading.value : [];
}

/** Name of the folder that the program of a run has in that of the run files. */
export function filesName(runId: number): string {
  return `program_${runId}`;
}
