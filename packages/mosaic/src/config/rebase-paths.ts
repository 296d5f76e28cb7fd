/** Paths in an included file, which are relative to it, as the including file would have to write them. */
import { extname, isAbsolute, posix, relative, sep } from "node:path";
import { fileEndings } from "./class-source.ts";
import type { IniOption, IniSection } from "./ini.ts";

export function rebasePaths(sections: readonly IniSection[], from: string, to: string): readonly IniSection[] {
  const prefix = relative(to, from).split(sep).join("/");
  if (prefix === "") return sections;
  return sections.map((section) => ({
    ...section,
    options: section.options.map((option) => ({ ...option, value: rebased(option, prefix) })),
  }));
}

/** A text that begins with ./ or ../, wherever in a list or a component it stands. */
const dotted = /(^|[,(=[])(\s*"?)(\.\.?\/[^",()[\]]*)/g;

function rebased({ name, value }: IniOption, prefix: string): string {
  const written = isBarePath(name, value) ? `./${value}` : value;
  return written.replace(dotted, (_, before: string, between: string, path: string) => {
    const joined = posix.isAbsolute(prefix) ? posix.join(prefix, path) : posix.normalize(`${prefix}/${path}`);
    return `${before}${between}${/^(\/|\.\.\/)/.test(joined) ? joined : `./${joined}`}`;
  });
}

/** Options of Mosaic's own that are paths without a dot, too. */
function isBarePath(name: string, value: string): boolean {
  if (value === "" || isAbsolute(value) || /^\.|"|\$\{/.test(value)) return false;
  if (name === "run_files_path") return true;
  return /^path_to_class(_loss_function)?$/.test(name) && fileEndings.includes(extname(value));
}
