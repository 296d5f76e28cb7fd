/**
 * The user's own files, which are all that is imported by relative path: loaded afresh for each run, so that what a file
 * keeps in its variables lasts one run, and checked against the texts that the runs' identities stand for. Where none of
 * them has kept anything, and can be seen to have kept nothing, they serve the next run too. Packages are loaded once, so
 * that classes of two runs have the same bases.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire, type LoadFnOutput, type ResolveFnOutput, registerHooks } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { forgetRegistered } from "@ml-mosaic/configurable";
import { MosaicError } from "../errors.ts";
import { lastingNames } from "./lasting-names.ts";
import { type InstalledPackage, installedPackage, isForeignPackage } from "./package-version.ts";
import { plainScript } from "./plain-script.ts";
import { watchValues } from "./watch-values.ts";

/** Digests of files' texts by their absolute paths; of a package, by its `package.json`, the version. */
export type FileDigests = ReadonlyMap<string, string>;

/** Ends the URLs of user files; it tells the copies that several runs have of one file apart. */
const mark = "?mosaic-run=";
const marked = /\?mosaic-run=\d+/;
const markedEverywhere = new RegExp(marked, "g");

/** Read, checked and stripped of its types once: for runs whose texts are known it stays, whatever the file says later. */
const texts = new Map<string, { readonly digest: string; readonly loaded: LoadFnOutput }>();
/** Of the files that are loaded now: whether what they hold is known to be as when they were loaded. */
const unchanged = new Map<string, () => boolean>();
/** Those imported from here: Node takes its time to find that it has them. */
const files = new Map<string, Promise<Readonly<Record<string, unknown>>>>();
/** Packages too: looking for them takes longer than all else. */
const resolutions = new Map<string, ResolveFnOutput>();
/** Which user files each one has really imported. */
const imports = new Map<string, Set<string>>();

let copy = 0;
let expected: FileDigests | undefined;
let breach: MosaicError | undefined;

const requireCache = createRequire(import.meta.url).cache;

/**
 * Forgets all user files, with what they have registered: what is imported from now on begins anew.
 *
 * @param digests the only texts that may be imported; undefined: whatever the files say
 */
export function beginUserFiles(digests: FileDigests | undefined): void {
  expected = digests;
  breach = undefined;
  forgetRegistered((file) => texts.has(file));
  if (digests !== undefined && mayStay(digests)) return;
  copy++;
  unchanged.clear();
  files.clear();
  // What is required, unlike what is imported, is known by its path alone.
  for (const path of texts.keys()) delete requireCache[path];
  if (digests === undefined) texts.clear();
}

/** Whether all that is loaded can serve another run. One file that remembers could have written to all others. */
function mayStay(digests: FileDigests): boolean {
  return unchanged.entries().every(([path, is]) => digests.get(path) === texts.get(path)?.digest && is());
}

/** Called at the end of each file that keeps nothing hidden, with what its names stand for. */
const loaded = Symbol.for("ml-mosaic.loaded");
Object.defineProperty(globalThis, loaded, {
  value(url: string, values: () => readonly unknown[]) {
    if (url.endsWith(mark + copy)) unchanged.set(fileURLToPath(url), watchValues(values));
  },
});

function loadedCall(names: readonly string[]): string {
  return `;globalThis[Symbol.for("${loaded.description}")](import.meta.url, () => [${["import.meta", ...names]}]);\n`;
}

/** @throws MosaicError where a text was refused, whatever the module has made of the refusal */
export function checkUserFiles(): void {
  if (breach !== undefined) throw breach;
}

export function importUserFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const file = files.get(path) ?? import(`${pathToFileURL(path).href}${mark}${copy}`);
  files.set(path, file);
  return file;
}

/** The files that a file has imported here, those that they have imported, and so on. */
export function importedFiles(path: string): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [path];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    waiting.push(...(imports.get(file) ?? []));
  }
  return found;
}

/** The texts of files, and of those that they have imported here, as they were loaded. */
export function importedTexts(paths: Iterable<string>): FileDigests {
  const found = new Map<string, string>();
  for (const start of paths)
    for (const path of importedFiles(start)) {
      const text = texts.get(path);
      if (text !== undefined) found.set(path, text.digest);
    }
  return found;
}

/** A message or stack as the user knows the files. */
export function withoutMarks(text: string): string {
  return text.replaceAll(markedEverywhere, "");
}

/** Of a file's text. */
export function textDigest(content: NodeJS.ArrayBufferView): string {
  return createHash("sha256").update(content).digest("hex");
}

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL;
    const own = marked.exec(specifier)?.[0];
    const suffix = own ?? (parent === undefined ? undefined : marked.exec(parent)?.[0]);
    if (suffix === undefined) return next(specifier, context);
    const plain = withoutMarks(specifier);
    const importer = own === undefined && parent !== undefined ? fileURLToPath(parent) : undefined;
    const key = JSON.stringify([importer, plain, context.conditions, context.importAttributes]);
    const found = resolutions.get(key) ?? next(plain, context);
    resolutions.set(key, found);
    if (!/^(\.{0,2}\/|#|file:)/.test(specifier)) {
      if (importer !== undefined && isForeignPackage(specifier)) refuseOtherVersion(specifier, dirname(importer));
      return { ...found, shortCircuit: true };
    }
    const url = withoutMarks(found.url);
    if (!url.startsWith("file:") || url.includes("/node_modules/")) return { ...found, shortCircuit: true };
    if (importer !== undefined) imports.set(importer, (imports.get(importer) ?? new Set()).add(fileURLToPath(url)));
    return { ...found, url: url + suffix, shortCircuit: true };
  },
  load(url, context, next) {
    if (!marked.test(url)) return next(url, context);
    const path = fileURLToPath(url);
    const text = texts.get(path) ?? readText(url, path, next(url, context));
    texts.set(path, text);
    unchanged.set(path, () => false);
    refuseOther(path, text.digest);
    return { ...text.loaded, shortCircuit: true };
  },
});

function readText(url: string, path: string, loaded: LoadFnOutput) {
  const { source, format } = loaded;
  // What is imported comes as bytes; of CommonJS there is the text, or nothing where it is imported.
  const bytes = ArrayBuffer.isView(source)
    ? source
    : source instanceof ArrayBuffer
      ? new Uint8Array(source)
      : undefined;
  const content = bytes ?? readFileSync(path);
  const own = typeof source === "string" ? { source: new TextDecoder().decode(content) } : {};
  return { digest: textDigest(content), loaded: { ...loaded, ...own, ...strippedText(url, format, bytes) } };
}

/** A module as JavaScript, with the file's own name, as stacks are to show it. */
function strippedText(url: string, format: LoadFnOutput["format"], bytes: NodeJS.ArrayBufferView | undefined) {
  if (bytes === undefined || (format !== "module" && format !== "module-typescript")) return {};
  const text = new TextDecoder().decode(bytes);
  try {
    // Once, where a file is loaded many times; Node warns of it, which workers are told to leave.
    if (format === "module-typescript" && expected === undefined) return {};
    const script = format === "module" ? text : plainScript(text);
    // Where texts are not known beforehand files are not kept.
    const names = expected === undefined ? undefined : lastingNames(script);
    const end = names === undefined ? "" : loadedCall(names);
    return { format: "module" as const, source: `${script}\n${end}//# sourceURL=${withoutMarks(url)}` };
  } catch {
    // Node says itself what it cannot read.
    return {};
  }
}

/** Packages are loaded once: what is found of one at first holds for all runs. */
const versions = new Map<string, InstalledPackage | undefined>();

/** @throws MosaicError where a package is of another version than the runs' identities stand for */
export function refuseOtherVersion(name: string, folder: string): void {
  if (expected === undefined) return;
  const key = JSON.stringify([name, folder]);
  const installed = versions.has(key) ? versions.get(key) : installedPackage(name, folder);
  versions.set(key, installed);
  const wanted = installed && expected.get(installed.file);
  if (installed === undefined || wanted === undefined || wanted === installed.version) return;
  breach = new MosaicError(
    "CODE_CHANGED",
    `${name} was ${wanted} when its runs were planned, and is ${installed.version}: their results would be of another version than their identity says`,
  );
  throw breach;
}

function refuseOther(path: string, digest: string): void {
  if (expected === undefined || expected.get(path) === digest) return;
  breach = expected.has(path)
    ? new MosaicError(
        "CODE_CHANGED",
        `${path} has changed since its runs were planned: their results would be of another text than their identity says`,
      )
    : new MosaicError(
        "CODE_UNKNOWN",
        `${path} is imported by a name that is known only while a run is carried out, so that its text is in no identity: import it by a literal path, as in import("./model.ts"), or when the file is loaded`,
      );
  throw breach;
}
