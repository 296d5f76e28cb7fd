/** `PROCESS.lr=1e-3` on the command line: an option of the configuration, for this call. */
import { nearestName, suggestName } from "@ml-mosaic/base";
import type { IniOption, IniSection } from "./ini.ts";
import type { Findings } from "./problem.ts";
import type { SourceLines } from "./source-lines.ts";

/** Whether a word is one, rather than the name of a file. */
export function isOverride(word: string): boolean {
  return /^[^\s/\\=]+\.[^\s/\\=]+=/.test(word);
}

export function override(
  sections: readonly IniSection[],
  words: readonly string[],
  sources: SourceLines,
  findings: Findings,
): readonly IniSection[] {
  const changed = new Map<IniSection, Map<string, IniOption>>();
  for (const word of words) {
    const line = sources.addArgument(word);
    const read = readOverride(word, sections);
    if ("message" in read) {
      findings.problem({ line, ...read });
      continue;
    }
    const { section, name, value } = read;
    const options = changed.get(section) ?? new Map<string, IniOption>();
    changed.set(section, options);
    if (options.has(name))
      findings.problem({
        line,
        section: section.name,
        option: name,
        message: "It is given twice.",
        remedy: "Keep one of the two; several values are a list, as in 2,3,4.",
      });
    options.set(name, { name, value, line });
  }
  return sections.map((section) => withOptions(section, [...(changed.get(section)?.values() ?? [])]));
}

/** The section with these options: in the place of those of their names, or behind them. */
export function withOptions(section: IniSection, options: readonly IniOption[]): IniSection {
  const own = section.options.map((option) => {
    const other = options.find(({ name }) => name === option.name);
    return other === undefined ? option : { ...other, isInstead: true };
  });
  const added = options.filter(({ name }) => !section.options.some((option) => option.name === name));
  return { ...section, options: [...own, ...added] };
}

type Override =
  | { readonly section: IniSection; readonly name: string; readonly value: string }
  | { readonly message: string; readonly remedy: string };

function readOverride(word: string, sections: readonly IniSection[]): Override {
  const [, left = "", right = ""] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  const [target, value] = [left.trim(), right.trim()];
  if (target === "")
    return {
      message: `"${word}" changes no option.`,
      remedy: "Write SECTION.option=value without spaces, as in PROCESS.lr=1e-3.",
    };
  if (/[\r\n]/.test(value)) return { message: "The value has several lines.", remedy: "Write it on one line." };
  const section = sections
    .filter(({ name }) => target.startsWith(`${name}.`))
    .toSorted((one, other) => other.name.length - one.name.length)[0];
  const name = target.slice((section?.name.length ?? 0) + 1).trim();
  if (section !== undefined && name !== "") return { section, name, value };
  if (section !== undefined)
    return { message: `"${target}" names no option.`, remedy: `Write ${target}option=${value}.` };
  const having = sections.filter(({ options }) => options.some((option) => option.name === target));
  if (having.length > 0)
    return {
      message: `"${target}" names no section.`,
      remedy: `Write ${having.map((each) => `${each.name}.${target}=${value}`).join(" or ")}.`,
    };
  const names = sections.map((each) => each.name);
  const [first = ""] = target.split(".");
  return target.includes(".")
    ? { message: `There is no section "${first}".`, remedy: suggestName(first, names) }
    : { message: `"${target}" names no section.`, remedy: nearestSection(target, value, sections) };
}

function nearestSection(name: string, value: string, sections: readonly IniSection[]): string {
  const all = sections.flatMap((section) => section.options.map((option) => ({ section, option: option.name })));
  const nearest = nearestName(
    name,
    all.map(({ option }) => option),
  );
  const found = all.find(({ option }) => option === nearest);
  return found === undefined
    ? "Write one before a dot, as in PROCESS.lr=1e-3."
    : `Did you mean ${found.section.name}.${found.option}=${value}?`;
}
