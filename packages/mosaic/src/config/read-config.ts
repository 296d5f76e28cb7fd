/** Reads a configuration file with what it includes, changes of the command line, and references between values. */
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { list, parseValue, path, schema } from "@ml-mosaic/configurable";
import { type IniOption, type IniSection, parseIni } from "./ini.ts";
import { interpolate } from "./interpolate.ts";
import { override, withOptions } from "./overrides.ts";
import { type Fault, Gathered } from "./problem.ts";
import { rebasePaths } from "./rebase-paths.ts";
import { SourceLines } from "./source-lines.ts";
import { readSourceText } from "./source-text.ts";

/** What may stand above all sections. */
export const fileOptions = {
  include: schema(list(path), {
    optional: true,
    help: "Files whose sections and options hold too, where this file, or one behind them, does not say otherwise",
  }),
};

export interface OpenConfig {
  /** The file's text as it was read. */
  readonly text: string;
  /** Of the other files, by their paths from the file's folder, as they were read. */
  readonly included: Readonly<Record<string, string>>;
  /** What holds after all. */
  readonly sections: readonly IniSection[];
  readonly sources: SourceLines;
  readonly findings: Gathered;
}

/**
 * @param overrides arguments such as `PROCESS.lr=1e-3`
 * @param besides arguments by sections that are there for them, also where no file has one
 * @returns the findings so far, with those of overrides that change nothing
 * @throws ConfigurationError where files or references cannot be followed
 */
export async function openConfig(
  file: string,
  overrides: readonly string[] = [],
  besides: Readonly<Record<string, string>> = {},
): Promise<OpenConfig> {
  const sources = new SourceLines(file);
  const findings = new Gathered(sources);
  const reader = new Reader(sources, findings);
  await reader.read({ told: file, path: resolve(file) });
  // A word that changes nothing leaves the rest as it is.
  const written = merge(reader.layers);
  const added = Object.entries(besides)
    .filter(([name]) => !written.some((section) => section.name === name))
    .map(([name, argument]) => ({ name, line: sources.addArgument(argument), options: [] }));
  const merged = override([...written, ...added], overrides, sources, findings);
  const failed = findings.problems.length;
  const sections = interpolate(merged, findings);
  // What follows would follow from these.
  if (reader.isBroken || findings.problems.length > failed) throw findings.failure();
  const [[, text] = ["", ""], ...included] = reader.texts;
  return { text, included: Object.fromEntries(included), sections, sources, findings };
}

interface NamedFile {
  /** As messages call it. */
  readonly told: string;
  readonly path: string;
}

class Reader {
  /** The sections of each file, those that are included before those that include them. */
  readonly layers: (readonly IniSection[])[] = [];
  /** In the order of reading, the first file first. */
  readonly texts = new Map<string, string>();
  isBroken = false;
  readonly #sources: SourceLines;
  readonly #findings: Gathered;
  readonly #seen = new Set<string>();

  constructor(sources: SourceLines, findings: Gathered) {
    this.#sources = sources;
    this.#findings = findings;
  }

  /** @param chain the files that lead to it, and where the last of them includes it */
  async read(file: NamedFile, chain: readonly NamedFile[] = [], include?: IniOption): Promise<void> {
    const source = await readSourceText(file.path, file.told);
    if (!source.ok) {
      const { fault, line, cause } = source;
      if (include === undefined) {
        this.#findings.problem({ ...(line === undefined ? {} : { line }), ...fault });
        throw this.#findings.failure({ cause });
      }
      this.#refuse(include, unreadable(file, fault, line));
      return;
    }
    const ini = parseIni(source.text, { before: this.#sources.count, mayInclude: true });
    this.#sources.addFile(file.told, ini.lines);
    this.#seen.add(file.path);
    for (const problem of ini.problems) this.#findings.problem(problem);
    for (const notice of ini.notices) this.#findings.notice(notice);
    const [main = file] = chain;
    this.texts.set(relative(dirname(main.path), file.path), source.text);
    if (ini.include !== undefined) await this.#follow(ini.include, [...chain, file]);
    this.layers.push(rebasePaths(ini.sections, dirname(file.path), dirname(main.path)));
  }

  async #follow(include: IniOption, chain: readonly NamedFile[]): Promise<void> {
    const parsed = parseValue(include.value, { braces: "text" });
    const including = chain.at(-1);
    if (including === undefined) return;
    if (!parsed.ok) {
      for (const fault of parsed.faults) this.#refuse(include, fault);
      return;
    }
    const { values } = parsed.value;
    if (values.length === 0)
      this.#refuse(include, {
        message: "It names no file.",
        remedy: "Name one, as in include = base.ini, or remove the line.",
      });
    const here = new Set<string>();
    for (const name of values) {
      const path = resolve(dirname(including.path), name);
      const file = { told: isAbsolute(name) ? name : join(dirname(including.told), name), path };
      const start = chain.findIndex((each) => each.path === path);
      if (start >= 0) this.#refuse(include, round(chain.slice(start)));
      else if (here.has(path))
        this.#refuse(include, { message: `"${name}" is there twice.`, remedy: "Write it once." });
      // What two files include counts where it stands first, so that it changes nothing that is said behind it.
      else if (!this.#seen.has(path)) await this.read(file, chain, include);
      here.add(path);
    }
  }

  #refuse({ line }: IniOption, fault: Fault): void {
    this.isBroken = true;
    this.#findings.problem({ line, option: "include", ...fault });
  }
}

function unreadable({ told }: NamedFile, { message, remedy }: Fault, line: number | undefined) {
  const place = line === undefined ? told : `${told}:${line}`;
  const [first = "", ...others] = message;
  return { message: `${place} cannot be included: ${first.toLowerCase()}${others.join("")}`, remedy };
}

function round(chain: readonly NamedFile[]) {
  const names = chain.map(({ told }) => told);
  const [first, ...others] = names;
  const message =
    others.length === 0
      ? `${first} includes itself.`
      : `${first} includes ${[...others, first].join(", which includes ")}.`;
  return { message, remedy: "Remove one of these includes." };
}

/** Later values win, in the place of the first. */
function merge(layers: readonly (readonly IniSection[])[]): readonly IniSection[] {
  const sections = new Map<string, IniSection>();
  for (const section of layers.flat()) {
    const before = sections.get(section.name);
    sections.set(
      section.name,
      before === undefined ? section : { ...withOptions(before, section.options), line: section.line },
    );
  }
  return [...sections.values()];
}
