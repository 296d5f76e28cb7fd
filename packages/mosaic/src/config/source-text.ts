// Reads a configuration file as text, or says why it is none.

import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { errorCode, machineTrouble, messageOf, nearestName } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import type { Fault } from "./problem.ts";

export type SourceText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly fault: Fault; readonly line?: number; readonly cause?: unknown };

/** No experiment is written with this many bytes of text; a database given by mistake may well have them. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * @param told what messages call the file
 * @throws MosaicError where the machine fails, which is no mistake in the file
 */
export async function readSourceText(file: string, told = file): Promise<SourceText> {
  let bytes: Buffer;
  try {
    bytes = await readStart(file);
  } catch (cause) {
    const trouble = machineTrouble(cause);
    if (trouble !== undefined)
      throw new MosaicError("MACHINE_TROUBLE", `${told} cannot be read: ${trouble}`, { cause });
    return { ok: false, fault: await describeReadError(file, told, cause), cause };
  }
  if (bytes.length > MOST_BYTES) {
    return failure(
      `The file has more than ${MOST_BYTES} bytes.`,
      "Check that it is the right one: configuration files are small.",
    );
  }
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (utf16) return failure("The file is saved as UTF-16.", "Save it as UTF-8 in your editor.");
  if (bytes.includes(0)) {
    return failure(
      "The file is not a text file.",
      "Check the order of the arguments: the configuration file comes first.",
    );
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (text.trim() !== "") return { ok: true, text };
    return failure("The file is empty.", "Write the sections [PROCESS] and [MONITOR] and one for each class into it.");
  } catch (cause) {
    const line = firstLineThatIsNotUtf8(bytes);
    return {
      ok: false,
      line,
      cause,
      fault: {
        message: "The line has characters that are not UTF-8.",
        remedy: "Save the file as UTF-8 in your editor.",
      },
    };
  }
}

/** At most one byte more than allowed: a database of many gigabytes is not to be loaded to be refused. */
async function readStart(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: MOST_BYTES })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function failure(message: string, remedy: string): SourceText {
  return { ok: false, fault: { message, remedy } };
}

async function describeReadError(file: string, told: string, cause: unknown): Promise<Fault> {
  switch (errorCode(cause)) {
    case "ENOENT":
    case "ENOTDIR":
      return { message: "The file does not exist.", remedy: await suggestFile(file, [".ini"]) };
    case "EISDIR":
      return {
        message: "This is a folder.",
        remedy: "Give the configuration file in it, as in config.ini.",
      };
    case "EACCES":
    case "EPERM":
      return {
        message: "The file may not be read.",
        remedy: `Allow it, for example with chmod u+r ${told}.`,
      };
    default:
      return {
        message: `The file cannot be read: ${messageOf(cause)}.`,
        remedy: "Check the path and the disk.",
      };
  }
}

/** A remedy for a path that leads nowhere: the nearest file of its folder with one of the endings. */
export async function suggestFile(path: string, endings: readonly string[]): Promise<string> {
  const folder = dirname(resolve(path));
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    return `The folder ${folder} cannot be read (${errorCode(error) ?? "unknown"}): check the path.`;
  }
  const candidates = names.filter((name) => endings.includes(extname(name)));
  const nearest = nearestName(basename(path), candidates);
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  return candidates.length === 0 || candidates.length > 8
    ? `Check the path: it was looked for in ${folder}.`
    : `The folder ${folder} has ${candidates.join(", ")}.`;
}

function firstLineThatIsNotUtf8(bytes: Buffer): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      break;
    }
    start = end + 1;
    line += 1;
  }
  return line;
}
