/** Reads a plot configuration (`mosaic metaplot --config`): each section is a page. */
import { suggestName } from "@ml-mosaic/base";
import { parseValue } from "@ml-mosaic/configurable";
import { type IniOption, type IniSection, parseIni } from "../../config/ini.ts";
import { type Finding, Gathered } from "../../config/problem.ts";
import { readSourceText } from "../../config/source-text.ts";
import type { Figure } from "../../figures/figure.ts";
import { findFigure } from "../../figures/known-figures.ts";
import type { PlotRun } from "./plot-runs.ts";
import { filterRuns, keysByType, type NamedValue, type RunFilter } from "./run-filter.ts";

export const plotTypes = ["line", "point", "violin", "box"] as const;
/** As in Matplotlib: `log` is for the ordinates, as `semilogy`. */
export const plotScales = ["auto", "linear", "log", "semilogx", "semilogy", "loglog"] as const;
export const errorbarStyles = ["fill_between", "bars"] as const;

export interface PlotSection extends RunFilter {
  /** The page's title. */
  readonly name: string;
  /** A figure, or an option, of which no more is known than its name. */
  readonly abscissae: Figure;
  readonly ordinates: Figure;
  readonly plotType: (typeof plotTypes)[number];
  readonly plotScale: (typeof plotScales)[number];
  readonly errorbarsStyle: (typeof errorbarStyles)[number];
}

const optionNames = [
  "abscissae",
  "ordinates",
  "include_keys",
  "include_values",
  "excludes",
  "plot_type",
  "plot_scale",
  "errorbars_style",
];

/**
 * @param runs all runs of the database: names, keys and values are checked against them
 * @throws ConfigurationError with every problem of the file
 */
export async function readPlotConfig(
  file: string,
  runs: readonly PlotRun[],
  figures: readonly Figure[],
): Promise<readonly PlotSection[]> {
  const source = await readSourceText(file);
  const findings = new Gathered(file);
  if (!source.ok) {
    const { fault, line, cause } = source;
    findings.problem({ ...(line === undefined ? {} : { line }), ...fault });
    throw findings.failure({ cause });
  }
  const ini = parseIni(source.text);
  for (const problem of ini.problems) findings.problem(problem);
  const sections = ini.sections.map((section) => readSection(section, runs, figures, findings.problem));
  if (ini.sections.length === 0 && !findings.hasProblems)
    findings.problem({ message: "The file has no section.", remedy: "Write one for each plot: [NAME]." });
  if (findings.hasProblems) throw findings.failure();
  return sections;
}

type Report = (finding: Finding) => void;

function readSection(
  section: IniSection,
  runs: readonly PlotRun[],
  figures: readonly Figure[],
  reportAny: Report,
): PlotSection {
  let isSound = true;
  const report: Report = (finding) => {
    isSound = false;
    reportAny({ section: section.name, ...finding });
  };
  const options = new Map(section.options.map((option) => [option.name, option]));
  for (const { name, line } of section.options) {
    const remedy = suggestName(name, optionNames);
    if (!optionNames.includes(name)) report({ line, option: name, message: "There is no such option.", remedy });
  }
  const optionsOfRuns = new Set(
    Iterator.from(new Set(runs.map(({ options }) => options))).flatMap((options) => options.keys()),
  );
  const names = [...figures.map((figure) => figure.name), ...optionsOfRuns];
  const known = [...figures, ...[...optionsOfRuns].map((option): Figure => ({ name: option, title: option }))];
  const read: SectionReader = { section, options, report };
  const include = readConditions(read, "include_keys", runs, names);
  const values = readConditions(read, "include_values", runs, names);
  const excludes = readConditions(read, "excludes", runs, names);
  const plot: PlotSection = {
    name: section.name,
    abscissae: readFigure(read, "abscissae", known),
    ordinates: readFigure(read, "ordinates", figures),
    includeKeys: [...include.keys, ...values.keys],
    includeValues: [...include.values, ...values.values],
    excludeKeys: excludes.keys,
    excludeValues: excludes.values,
    plotType: readChoice(read, "plot_type", plotTypes),
    plotScale: readChoice(read, "plot_scale", plotScales),
    errorbarsStyle: readChoice(read, "errorbars_style", errorbarStyles),
  };
  if (isSound && filterRuns(runs, plot).length === 0)
    report({
      line: section.line,
      message: "No run is left to plot.",
      remedy: "Each include leaves only runs that have it: remove one, or an exclude.",
    });
  return plot;
}

interface SectionReader {
  readonly section: IniSection;
  readonly options: ReadonlyMap<string, IniOption>;
  readonly report: Report;
}

function readFigure({ section, options, report }: SectionReader, option: string, known: readonly Figure[]): Figure {
  const written = options.get(option);
  if (written === undefined || written.value === "") {
    const line = written?.line ?? section.line;
    const remedy = `Write it as in ${option} = ${option === "abscissae" ? "nb_params" : "test_loss"}.`;
    report({ line, option, message: "The option must be there.", remedy });
    return { name: "", title: "" };
  }
  const { line, value } = written;
  const asWhat = option === "ordinates" ? " as a result" : "";
  const found = findFigure(known, value);
  if (found !== undefined) return found;
  const names = known.map(({ name }) => name);
  const message = `No run has "${value}"${asWhat}.`;
  report({ line, option, message, remedy: suggestName(value, names) });
  return { name: value, title: value };
}

/** The first choice where nothing is written. */
function readChoice<Choice extends string>(
  { options, report }: SectionReader,
  option: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const written = options.get(option);
  if (written === undefined) return choices[0];
  const { line, value } = written;
  const choice = choices.find((one) => one === value);
  if (choice !== undefined) return choice;
  const message = `"${value}" is none of the choices.`;
  report({ line, option, message, remedy: suggestName(value, choices) });
  return choices[0];
}

interface Conditions {
  readonly keys: readonly string[];
  readonly values: readonly NamedValue[];
}

/** `key_a, key_b` or `name=value, name=value`; `excludes` takes both in one list. */
function readConditions(
  { options, report }: SectionReader,
  option: string,
  runs: readonly PlotRun[],
  names: readonly string[],
): Conditions {
  const written = options.get(option);
  if (written === undefined) return { keys: [], values: [] };
  const place = { line: written.line, option };
  const parsed = parseValue(written.value, { braces: "text" });
  if (!parsed.ok) {
    for (const fault of parsed.faults) report({ ...place, ...fault });
    return { keys: [], values: [] };
  }
  const knownKeys = [...new Set([...keysByType(runs).values()].flatMap((keys) => [...keys]))];
  const keys: string[] = [];
  const values: NamedValue[] = [];
  const refuse = (message: string, remedy: string) => report({ ...place, message, remedy });
  for (const part of parsed.value.values) {
    const equals = part.indexOf("=");
    if (option !== "include_values" && (equals === -1 || knownKeys.includes(part))) {
      if (knownKeys.includes(part)) keys.push(part);
      else refuse(`No run has the key "${part}".`, suggestName(part, knownKeys));
      continue;
    }
    const [name, value] = [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
    if (equals === -1) refuse(`"${part}" has no value.`, `Write it as in ${part}=2.`);
    else if (!names.includes(name)) refuse(`No run has "${name}".`, suggestName(name, names));
    else values.push({ name, value });
  }
  return { keys, values };
}
