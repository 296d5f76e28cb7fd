/**
 * The user's own files, which are all that is imported by relative path: loaded afresh for each run, so that what a file
 * keeps in its variables lasts one run, and checked against the texts that the runs' identities stand for. Where none of
 * them can keep anything they are loaded once, as packages are, so that classes of two runs have the same bases.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  createRequire,
  type LoadFnOutput,
  type ResolveFnOutput,
  registerHooks,
  stripTypeScriptTypes,
} from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { forgetRegistered } from "@ml-mosaic/configurable";
import { MosaicError } from "../errors.ts";
import { areStateless, type StatelessFile, statelessFile } from "./stateless-files.ts";

/** Digests of files' texts by their absolute paths. */
export type FileDigests = ReadonlyMap<string, string>;

/** Ends the URLs of user files; it tells the copies that several runs have of one file apart. */
const mark = "?mosaic-run=";
const marked = /\?mosaic-run=\d+/;
const markedEverywhere = new RegExp(marked, "g");

interface UserText {
  readonly digest: string;
  readonly loaded: LoadFnOutput;
  /** undefined where the file may keep something from one run to the next. */
  readonly stateless: StatelessFile | undefined;
}

/** Read, checked and stripped of its types once: for runs whose texts are known it stays, whatever the file says later. */
const texts = new Map<string, UserText>();
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
  // What is required, unlike what is imported, is known by its path alone.
  for (const path of texts.keys()) delete requireCache[path];
  if (digests === undefined) {
    texts.clear();
    judged = { files: 0, stateless: false };
  }
}

/** What the answer was for so many files: texts are not taken away one by one. */
let judged = { files: 0, stateless: false };

/**
 * Whether what is loaded can serve the next run too: no file remembers the one before. One that did could write to
 * functions and classes of all others, so that it is all or nothing.
 */
function mayStay(digests: FileDigests): boolean {
  if (judged.files !== texts.size) {
    const files = Array.from(texts.values(), ({ stateless }) => stateless);
    const known = files.filter((file) => file !== undefined);
    judged = { files: texts.size, stateless: known.length === files.length && areStateless(known) };
  }
  return judged.stateless && texts.entries().every(([path, { digest }]) => digests.get(path) === digest);
}

/** @throws MosaicError where a text was refused, whatever the module has made of the refusal */
export function checkUserFiles(): void {
  if (breach !== undefined) throw breach;
}

export async function importUserFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  return import(`${pathToFileURL(path).href}${mark}${copy}`);
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
    if (!/^(\.{0,2}\/|#|file:)/.test(specifier)) return { ...found, shortCircuit: true };
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
    refuseOther(path, text.digest);
    return { ...text.loaded, shortCircuit: true };
  },
});

function readText(url: string, path: string, loaded: LoadFnOutput): UserText {
  const { source, format } = loaded;
  // What is imported comes as bytes; of CommonJS there is the text, or nothing where it is imported.
  const bytes = ArrayBuffer.isView(source)
    ? source
    : source instanceof ArrayBuffer
      ? new Uint8Array(source)
      : undefined;
  const content = bytes ?? readFileSync(path);
  const own = typeof source === "string" ? { source: new TextDecoder().decode(content) } : {};
  const stripped = strippedText(url, format, bytes);
  return {
    digest: textDigest(content),
    loaded: { ...loaded, ...own, ...stripped },
    // Where texts are not known beforehand files are not kept.
    stateless: expected === undefined || stripped === undefined ? undefined : statelessFile(stripped.source),
  };
}

/** A module as JavaScript, with the file's own name, as stacks are to show it. */
function strippedText(url: string, format: LoadFnOutput["format"], bytes: NodeJS.ArrayBufferView | undefined) {
  if (bytes === undefined || (format !== "module" && format !== "module-typescript")) return undefined;
  const text = new TextDecoder().decode(bytes);
  try {
    // Once, where a file is loaded many times; Node warns of it, which workers are told to leave.
    if (format === "module-typescript" && expected === undefined) return undefined;
    const script = format === "module" ? text : stripTypeScriptTypes(text);
    return { format: "module" as const, source: `${script}\n//# sourceURL=${withoutMarks(url)}` };
  } catch {
    // Node says itself what it cannot read.
    return undefined;
  }
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
