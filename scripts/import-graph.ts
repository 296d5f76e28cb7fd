/** The files that a browser or a bundler loads of a package of this repository, with all that they import. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseSync } from "oxc-parser";

const root: string = resolve(import.meta.dirname, "..");

export interface ImportGraph {
  readonly files: readonly string[];
  /** Modules that are no files, such as those of Node, with the first file that asks for each. */
  readonly missing: ReadonlyMap<string, string>;
}

type Target = string | { readonly [condition: string]: Target };

interface Manifest {
  readonly exports?: Readonly<Record<string, Target>>;
  readonly imports?: Readonly<Record<string, Target>>;
  readonly module?: string;
}

/** @param entry a specifier such as "@ml-mosaic/tensor" */
export function browserGraph(entry: string): ImportGraph {
  const missing = new Map<string, string>();
  const files = new Set<string>();
  const add = (specifier: string, from: string) => {
    const file = located(specifier, from);
    if (file === undefined) missing.set(specifier, missing.get(specifier) ?? from);
    else files.add(file);
  };
  add(entry, root);
  // Grows while it is gone through.
  for (const file of files) for (const specifier of specifiersOf(file)) add(specifier, file);
  return { files: [...files], missing };
}

function located(specifier: string, from: string): string | undefined {
  if (specifier.startsWith(".")) return resolve(from, "..", specifier);
  if (specifier.startsWith("#")) {
    const [, folder = root] = /^(.*\/packages\/[^/]+)\//.exec(from) ?? [];
    const target = chosen(manifestOf(folder).imports?.[specifier]);
    return target && join(folder, target);
  }
  const [, name = specifier, path = ""] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier) ?? [];
  if (name.startsWith("node:")) return undefined;
  const own = /^@ml-mosaic\/(.*)$/.exec(name)?.[1];
  const folder = own === undefined ? join(root, "node_modules", name) : join(root, "packages", own);
  const { exports, module } = manifestOf(folder);
  const target = exports === undefined ? module : chosen(exports[`.${path}`]);
  return target && join(folder, target);
}

/** As browsers have it; a package that has nothing for them has nothing. */
function chosen(target: Target | undefined): string | undefined {
  if (typeof target === "string" || target === undefined) return target;
  return chosen(target.browser ?? target.import ?? target.default);
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** What is imported for its values, also when the program runs. */
function specifiersOf(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  const { staticImports, staticExports, dynamicImports } = parseSync(file, text).module;
  const isValue = ({ isType }: { readonly isType: boolean }) => !isType;
  return [
    ...staticImports
      .filter(({ entries }) => entries.length === 0 || entries.some(isValue))
      .map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports
      .flatMap(({ entries }) => entries)
      .filter(isValue)
      .flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [moduleRequest.value])),
    ...dynamicImports.map(({ moduleRequest }) =>
      text.slice(moduleRequest.start, moduleRequest.end).replace(/^"|"$/g, ""),
    ),
  ];
}
