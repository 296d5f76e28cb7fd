/**
 * What the page loads: its own modules, which Node serves with their types stripped, and those of libraries, which an
 * import map names. All addresses are relative to the page's, so that it can lie under any path of a proxy.
 */
import { existsSync, readdirSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { basename, dirname, extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

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
  }).map(([specifier, resolved]) => [specifier, new URL(resolved)]),
);

/** Modules of our other packages that pages may read: files in a folder of their own, which import only each other and libraries. */
const sharedModules: ReadonlyMap<string, { readonly folder: string; readonly file: string }> = new Map(
  ["ml-mosaic/conditions", "@ml-mosaic/configurable/scalars", "@ml-mosaic/statistics/sample"].map((specifier) => {
    const path = fileURLToPath(import.meta.resolve(specifier));
    return [specifier, { folder: dirname(path), file: basename(path) }];
  }),
);

function sharedFolder(specifier: string): string {
  return `shared/${specifier.replaceAll("/", "~")}`;
}

export interface ClientFile {
  readonly type: "text/javascript" | "text/css";
  readonly text: string;
}

export const clientEntry = `client/main${ending}`;
export const clientStyles: readonly string[] = ["client/board.css"];

/** Addresses of libraries by specifier, for the page's import map. */
export const importMap: Readonly<Record<string, string>> = Object.fromEntries([
  ...[...libraries.keys()].map((specifier) => [specifier, `./${libraryAddress(specifier)}`]),
  ...[...sharedModules].map(([specifier, { file }]) => [specifier, `./${sharedFolder(specifier)}/${file}`]),
]);

function libraryAddress(specifier: string): string {
  return `library/${specifier.replaceAll("/", "~")}.js`;
}

/** All modules of ours and of libraries: a page that knows them beforehand need not find them one behind the other. */
export const moduleAddresses: readonly string[] = [
  ...servedFolders.flatMap((folder) =>
    readdirSync(join(sources, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => extname(path) === ending && !/\.(?:test|d)\.[jt]s$/.test(path))
      .map((path) => `${folder}/${path.replaceAll(sep, "/")}`),
  ),
  ...[...libraries.keys()].map(libraryAddress),
];

/** @param address such as "client/main.ts"; undefined where there is no such file */
export async function clientFile(address: string): Promise<ClientFile | undefined> {
  for (const [specifier, url] of libraries)
    if (address === libraryAddress(specifier)) return { type: "text/javascript", text: await readFile(url, "utf8") };
  for (const [specifier, { folder }] of sharedModules) {
    const start = `${sharedFolder(specifier)}/`;
    if (address.startsWith(start)) return ownFile(join(folder, address.slice(start.length)), [folder]);
  }
  return ownFile(
    join(sources, address),
    servedFolders.map((folder) => join(sources, folder)),
  );
}

async function ownFile(asked: string, folders: readonly string[]): Promise<ClientFile | undefined> {
  const path = normalize(asked);
  const isServed = folders.some((folder) => path.startsWith(folder + sep));
  if (!isServed || path.endsWith(`.test${ending}`) || !existsSync(path)) return undefined;
  if (path.endsWith(".css")) return { type: "text/css", text: await readFile(path, "utf8") };
  return extname(path) === ending ? { type: "text/javascript", text: await moduleText(path) } : undefined;
}

interface KnownModule {
  readonly changedAt: number;
  readonly text: string;
}

/** By path: taking the types away takes longer than sending what is left. */
const knownModules = new Map<string, KnownModule>();

/** Of a module as a browser takes it. */
export async function moduleText(path: string): Promise<string> {
  // A copy may keep the time of its text.
  const { ctimeMs: changedAt } = await stat(path);
  const known = knownModules.get(path);
  if (known?.changedAt === changedAt) return known.text;
  const source = await readFile(path, "utf8");
  const text = ending === ".ts" ? stripTypeScriptTypes(source) : source;
  knownModules.set(path, { changedAt, text });
  return text;
}

/** While the browser is still on its way. */
export async function readModulesAhead(): Promise<void> {
  for (const address of moduleAddresses) await clientFile(address);
}
