// Where a class comes from: a TypeScript or JavaScript file, or an npm package.

import { statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { errorCode, machineTrouble } from "@ml-mosaic/base";
import type { Fault } from "./problem.ts";
import { suggestFile } from "./source-text.ts";

export type ClassSource =
  | { readonly kind: "file" /** Absolute. */; readonly path: string }
  | {
      readonly kind: "package" /** As an import would name it, such as `@ml-mosaic/bigsf` or `mine/models`. */;
      readonly name: string;
    };

export type ClassSourceResult =
  | { readonly ok: true; readonly source: ClassSource }
  | { readonly ok: false; readonly fault: Fault };

export const fileEndings: readonly string[] = [".ts", ".js", ".mts", ".mjs"];

/** npm's rule for names, with an optional path inside the package. */
const PACKAGE_NAME = /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*(?:\/[\w.~-]+)*$/;

/** Looks at the disk for files; whether a package is installed and has the class is found when it is loaded. */
export async function readClassSource(text: string, folder: string): Promise<ClassSourceResult> {
  const ending = extname(text);
  if (ending === ".py") {
    return refuse(
      `"${text}" is a Python file, and Python classes cannot be used for now.`,
      "Write the class in TypeScript and give its .ts file.",
    );
  }
  if (fileEndings.includes(ending) && !text.endsWith(".d.ts")) return checkFile(text, resolve(folder, text));
  if (PACKAGE_NAME.test(text)) return { ok: true, source: { kind: "package", name: text } };
  return refuse(
    `"${text}" is neither a .ts or .js file nor the name of an npm package.`,
    "Write a path such as ./mlp.ts, or a package name such as @ml-mosaic/bigsf.",
  );
}

async function checkFile(text: string, path: string): Promise<ClassSourceResult> {
  try {
    // At once: a worker looks at the files of each run, and a promise costs it ten times the look.
    const entry = statSync(path);
    if (entry.isDirectory()) return refuse(`"${text}" is a folder.`, "Give the file in it that has the class.");
    return { ok: true, source: { kind: "file", path } };
  } catch (error) {
    if (machineTrouble(error) !== undefined) throw error;
    const code = errorCode(error);
    const message =
      code === "ENOENT" || code === "ENOTDIR"
        ? `The file ${path} does not exist.`
        : `The file ${path} cannot be read (${code}).`;
    return refuse(message, await suggestFile(path, fileEndings));
  }
}

/** A name that JavaScript could not have exported is a slip that no file can mend. */
export function checkClassName(name: string): Fault | undefined {
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return undefined;
  return {
    message: `"${name}" cannot be the name of a class.`,
    remedy: "Write the name as it is exported, as in MlpFunnel.",
  };
}

function refuse(message: string, remedy: string): ClassSourceResult {
  return { ok: false, fault: { message, remedy } };
}
