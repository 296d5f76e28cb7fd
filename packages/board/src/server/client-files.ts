/**
 * What the page loads: its own modules, which Node serves with their types stripped, and those of libraries, which an
 * import map names. All addresses are relative to the page's, so that it can lie under any path of a proxy.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { extname, join, normalize, sep } from "node:path";

/** Sources are .ts files, what is built from them .js. */
const ending = extname(import.meta.filename);
const sources = join(import.meta.dirname, "..");

/** Folders of ours that a page may read. */
const servedFolders = ["client", "wire"];

/** Library modules by what an import says; each is one file that imports only others of them. */
const libraries: ReadonlyMap<string, URL> = new Map(
  Object.entries({
    preact: import.meta.resolve("preact"),
    "preact/hooks": import.meta.resolve("preact/hooks"),
    "@preact/signals": import.meta.resolve("@preact/signals"),
    "@preact/signals-core": import.meta.resolve("@preact/signals-core"),
    htm: import.meta.resolve("htm"),
    "htm/preact": import.meta.resolve("htm/preact"),
    uplot: import.meta.resolve("uplot/dist/uPlot.esm.js"),
  }).map(([specifier, resolved]) => [specifier, new URL(resolved)]),
);

export interface ClientFile {
  readonly type: "text/javascript" | "text/css";
  readonly text: string;
}

export const clientEntry = `client/main${ending}`;
export const clientStyles: readonly string[] = ["client/board.css", "library/uplot.css"];

/** Addresses of libraries by specifier, for the page's import map. */
export const importMap: Readonly<Record<string, string>> = Object.fromEntries(
  [...libraries.keys()].map((specifier) => [specifier, `./${libraryAddress(specifier)}`]),
);

function libraryAddress(specifier: string): string {
  return `library/${specifier.replaceAll("/", "~")}.js`;
}

/** @param address such as "client/main.ts"; undefined where there is no such file */
export async function clientFile(address: string): Promise<ClientFile | undefined> {
  if (address === "library/uplot.css")
    return { type: "text/css", text: await readFile(new URL("uPlot.min.css", libraries.get("uplot")), "utf8") };
  for (const [specifier, url] of libraries)
    if (address === libraryAddress(specifier)) return { type: "text/javascript", text: await readFile(url, "utf8") };
  return ownFile(address);
}

async function ownFile(address: string): Promise<ClientFile | undefined> {
  const path = normalize(join(sources, address));
  const isServed = servedFolders.some((folder) => path.startsWith(join(sources, folder) + sep));
  if (!isServed || path.endsWith(`.test${ending}`) || !existsSync(path)) return undefined;
  if (path.endsWith(".css")) return { type: "text/css", text: await readFile(path, "utf8") };
  if (extname(path) !== ending) return undefined;
  const text = await readFile(path, "utf8");
  return { type: "text/javascript", text: ending === ".ts" ? stripTypeScriptTypes(text) : text };
}
