// Splits the text of an `.ini` file into sections and options, each with its line. What the values mean is not known here.

import type { Fault, Finding } from "./problem.ts";

export interface IniOption {
  readonly name: string;
  /** The text after `=`, without the spaces around it. */
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
  /** Whether another value would count if this one were not there. */
  readonly isInstead?: boolean;
}

export interface IniSection {
  readonly name: string;
  readonly line: number;
  readonly options: readonly IniOption[];
}

export interface IniDocument {
  /** `include` above all sections. */
  readonly include: IniOption | undefined;
  /** In file order, each name once. */
  readonly sections: readonly IniSection[];
  readonly problems: readonly Finding[];
  readonly notices: readonly Finding[];
  /** How many lines there are. */
  readonly lines: number;
}

export interface IniOptions {
  /** How many lines of other files are counted before its own. */
  readonly before?: number;
  /** Whether the first line may be an `include`. */
  readonly mayInclude?: boolean;
}

/** A section being read. `kept` is false for a repeated or nameless one: its lines are still checked. */
interface OpenSection {
  readonly name: string;
  readonly line: number;
  readonly options: IniOption[];
  readonly firstLines: Map<string, number>;
  readonly kept: boolean;
}

type Report = (finding: Finding) => void;

/** Reads every line and never throws: what cannot be understood becomes a problem. */
export function parseIni(text: string, { before = 0, mayInclude = false }: IniOptions = {}): IniDocument {
  const problems: Finding[] = [];
  const notices: Finding[] = [];
  const sections = new Map<string, OpenSection>();
  let open: OpenSection | undefined;
  let include: IniOption | undefined;

  const report: Report = (finding) => problems.push(finding);
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (const [index, raw] of lines.entries()) {
    const line = before + index + 1;
    const content = raw.trim();
    if (content === "" || content.startsWith("#") || content.startsWith(";")) continue;
    if (/^\s/.test(raw)) {
      report({
        line,
        ...(open === undefined ? {} : { section: open.name }),
        message: `"${content}" is indented.`,
        remedy: "Values are on one line: join it to the line above, or remove the spaces at its start.",
      });
      // What was meant is read all the same, so that one fault is one problem.
      if (!/^[\w.-]+\s*=|^\[[^\]]+\]$/.test(content)) {
        continueOption(open, content);
        continue;
      }
    }
    if (content.startsWith("[")) {
      const name = readSectionName(content, line, report);
      const first = sections.get(name);
      if (first !== undefined) {
        report({
          line,
          section: name,
          message: `The section is already on line ${first.line - before}.`,
          remedy: "Give it another name, or move its options there.",
        });
      }
      open = { name, line, options: [], firstLines: new Map(), kept: first === undefined && name !== "" };
      if (open.kept) sections.set(name, open);
      continue;
    }
    const written = mayInclude && open === undefined ? readInclude(content) : undefined;
    if (written !== undefined) {
      if (include === undefined) include = { name: "include", value: written, line };
      else report({ line, option: "include", ...secondInclude(include.line - before) });
      continue;
    }
    const option = readOption(content, line, open, report);
    if (option === undefined || open === undefined) continue;
    if (isUnique(option, open, before, report)) open.options.push(option);
    const comment = trailingComment(option.value);
    if (comment !== undefined) {
      notices.push({
        line,
        section: open.name,
        option: option.name,
        message: `"${comment}" is read as part of the value.`,
        remedy: "Put comments on lines of their own, or put the value in quotes.",
      });
    }
  }
  return {
    include,
    sections: [...sections.values()].map(({ name, line, options }) => ({ name, line, options })),
    problems,
    notices,
    lines: lines.length,
  };
}

function readInclude(content: string): string | undefined {
  return /^include\s*=\s*(.*)$/.exec(content)?.[1];
}

function secondInclude(first: number): Fault {
  return { message: `Line ${first} includes files already.`, remedy: "Write all of them there, with commas." };
}

/** Joins an indented line to the option on the line above. */
function continueOption(open: OpenSection | undefined, content: string): void {
  const last = open?.options.at(-1);
  if (open === undefined || last === undefined) return;
  open.options[open.options.length - 1] = { ...last, value: `${last.value} ${content}` };
}

/** The name in brackets; a header with a fault still opens a section, so that one fault is one problem. */
function readSectionName(content: string, line: number, report: Report): string {
  const end = content.indexOf("]");
  const name = content.slice(1, end === -1 ? undefined : end).trim();
  if (end === -1) {
    report({
      line,
      message: `"${content}" has no closing bracket.`,
      remedy: `Write [${name === "" ? "NAME" : name}].`,
    });
  } else if (end !== content.length - 1) {
    report({
      line,
      section: name,
      message: `"${content.slice(end + 1).trim()}" stands after the closing bracket.`,
      remedy: `Write only [${name}] on this line; comments have lines of their own.`,
    });
  }
  if (end !== -1 && name === "") {
    report({
      line,
      message: "The section has no name.",
      remedy: "Write a name between the brackets, as in [MLP].",
    });
  }
  return name;
}

function readOption(
  content: string,
  line: number,
  open: OpenSection | undefined,
  report: Report,
): IniOption | undefined {
  const place = { line, ...(open === undefined ? {} : { section: open.name }) };
  const equals = content.indexOf("=");
  if (equals === -1) {
    const [, name, value] = /^([\w.-]+)\s*(?::\s*(.*))?$/.exec(content) ?? [];
    const corrected = name === undefined ? "option = value" : `${name} = ${value ?? "…"}`;
    report({
      ...place,
      message: `"${content}" is neither a section nor an option.`,
      remedy: `Write it as ${corrected}, or start the line with # to make it a comment.`,
    });
    return name === undefined || value === undefined ? undefined : { name, value, line };
  }
  const name = content.slice(0, equals).trim();
  const value = content.slice(equals + 1).trim();
  if (name === "") {
    report({
      ...place,
      message: `"${content}" has no option name.`,
      remedy: "Write a name before the equals sign.",
    });
    return undefined;
  }
  if (open === undefined) {
    report({
      ...place,
      option: name,
      message: "The option stands before any section.",
      remedy: "Put a section such as [PROCESS] above it.",
    });
    return undefined;
  }
  return { name, value, line };
}

function isUnique(option: IniOption, open: OpenSection, before: number, report: Report): boolean {
  const first = open.firstLines.get(option.name);
  if (first === undefined) {
    open.firstLines.set(option.name, option.line);
    return true;
  }
  report({
    line: option.line,
    section: open.name,
    option: option.name,
    message: `The option is already on line ${first - before}.`,
    remedy: "Keep one of the two; several values are a list, as in 2, 3, 4.",
  });
  return false;
}

/** The part of an unquoted value that looks like a comment to a human reader. */
function trailingComment(value: string): string | undefined {
  return value.includes('"') ? undefined : /\s([#;].*)$/.exec(value)?.[1];
}
