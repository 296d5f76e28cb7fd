/** `${width}` and `${MLP.width}` in values: what the option says there, before it is read. */
import { nearestName, suggestName } from "@ml-mosaic/base";
import type { IniOption, IniSection } from "./ini.ts";
import type { Findings } from "./problem.ts";

/** Longer values are a slip of the pen: each names others several times. */
const mostLetters = 1_000_000;

const reference = /\$\$(?=\{)|\$\{([^{}]*)(\}?)/g;

interface Named {
  readonly section: IniSection;
  readonly option: IniOption;
}

/** Values that cannot be filled in are reported, and stay as they are. */
export function interpolate(sections: readonly IniSection[], findings: Findings): readonly IniSection[] {
  const values = new Map<IniOption, string>();
  const spoilt = new Set<IniOption>();

  /** @param open the options whose values are being filled in, the outermost first */
  function fill(named: Named, open: readonly Named[]): string {
    const { option } = named;
    const known = values.get(option);
    if (known !== undefined || !option.value.includes("${")) return known ?? option.value;
    const value = option.value.replace(reference, (written: string, inner?: string, close?: string) => {
      if (inner === undefined) return "$";
      const found = close === "" ? undefined : find(inner.trim(), named.section, sections);
      if (found === undefined || close === "")
        return refuse(named, written, close === "" ? unclosed : unknown(inner, named, sections));
      const round = [...open, named];
      const start = round.findIndex((each) => each.option === found.option);
      if (start >= 0) return refuseRound(round.slice(start), written);
      const filled = fill(found, round);
      if (spoilt.has(found.option)) spoilt.add(option);
      if (filled === "" && found.option.value === "")
        return refuse(named, written, { what: "names an option without a value", remedy: "Give it one." });
      return filled;
    });
    const isTooLong = value.length > mostLetters;
    if (isTooLong)
      refuse(named, option.value, { what: `grows to ${value.length} letters`, remedy: "Write what is meant." });
    values.set(option, isTooLong ? "" : value);
    return isTooLong ? "" : value;
  }

  function refuse({ section, option }: Named, written: string, fault: Fault): string {
    if (!spoilt.has(option))
      findings.problem({
        line: option.line,
        section: section.name,
        option: option.name,
        message: `"${written}" ${fault.what}.`,
        remedy: fault.remedy,
      });
    spoilt.add(option);
    return "";
  }

  function refuseRound(round: readonly Named[], written: string): string {
    const [first, last] = [round[0], round.at(-1)];
    const isTold = round.some(({ option }) => spoilt.has(option));
    if (first === undefined || last === undefined || isTold) return "";
    const names = [...round, first].map(({ section, option }) => `${section.name}.${option.name}`).join(", ");
    const what = round.length === 1 ? "names the option itself" : `leads back to the option: ${names}`;
    refuse(last, written, { what, remedy: "Write a value for one of them." });
    for (const { option } of round) spoilt.add(option);
    return "";
  }

  return sections.map((section) => ({
    ...section,
    options: section.options.map((option) => ({ ...option, value: fill({ section, option }, []) })),
  }));
}

interface Fault {
  readonly what: string;
  readonly remedy: string;
}

const unclosed: Fault = {
  what: "has no closing brace",
  remedy: `Write \${SECTION.option}; the text \${ itself is written $\${ in quotes.`,
};

/** A remedy that repeats a value as it is to be written. */
export function escapeReferences(text: string): string {
  return text.replaceAll("${", () => "$${");
}

/** An option of the same section comes first. */
function find(name: string, own: IniSection, sections: readonly IniSection[]): Named | undefined {
  const inOwn = own.options.find((option) => option.name === name);
  if (inOwn !== undefined) return { section: own, option: inOwn };
  for (const section of sections) {
    const option = section.options.find((each) => `${section.name}.${each.name}` === name);
    if (option !== undefined) return { section, option };
  }
  return undefined;
}

function unknown(inner: string, { section, option }: Named, sections: readonly IniSection[]): Fault {
  if (inner.trim() === "") return { what: "names no option", remedy: unclosed.remedy };
  const own = section.options.filter((each) => each !== option).map(({ name }) => name);
  const all = sections.flatMap((each) => each.options.map(({ name }) => `${each.name}.${name}`));
  const known = [...own, ...all];
  const itself = nearestName(inner.trim(), known) === undefined ? ` The text itself is written "$\${${inner}}".` : "";
  return {
    what: "names no option of this configuration",
    remedy: suggestName(inner.trim(), known) + itself,
  };
}
