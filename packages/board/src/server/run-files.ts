/** The files of runs, named by ids: no path ever comes from a page. */
import { createHash } from "node:crypto";
import { constants, type FileHandle, open, realpath } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { isSystemError } from "@ml-mosaic/base";
import { logFile, type RunReport, readRunReport, type StoreReader } from "ml-mosaic/reading";
import type { LogPart } from "../wire/answers.ts";
import { Refused } from "./refused.ts";

/** `12-3f…`: the run, and a digest of the path in its folder. */
export function fileId(runId: number, path: string): string {
  return `${runId}-${createHash("sha256").update(path).digest("hex").slice(0, 32)}`;
}

export interface OpenFile {
  readonly name: string;
  readonly size: number;
  readonly handle: FileHandle;
}

/** A file that the table of artifacts has; the caller closes it. */
export async function openRunFile(reader: StoreReader, id: string): Promise<OpenFile> {
  const runId = Number(/^(\d{1,15})-[0-9a-f]{32}$/.exec(id)?.[1] ?? Number.NaN);
  const report = Number.isSafeInteger(runId) ? await reportOf(reader, runId) : undefined;
  const file = report?.files.find(({ path }) => fileId(runId, path) === id);
  if (file === undefined || report?.filesFolder === undefined)
    throw new Refused(404, { message: "there is no such file" });
  const opened = await openPlain(report.filesFolder, file.path);
  if (opened === undefined)
    throw new Refused(404, { message: `${file.path} is no longer where the run has written it` });
  return { name: basename(file.path), ...opened };
}

async function reportOf(reader: StoreReader, runId: number): Promise<RunReport | undefined> {
  return (await reader.runIds({ runIds: [runId] })).length === 0 ? undefined : readRunReport(reader, runId);
}

/** undefined where there is no file in the folder, links followed; a pipe or a device would be read without end. */
async function openPlain(folder: string, path: string): Promise<Pick<OpenFile, "size" | "handle"> | undefined> {
  let handle: FileHandle;
  try {
    const [within, real] = [await realpath(folder), await realpath(join(folder, path))];
    if (!real.startsWith(within + sep)) return undefined;
    handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
  const stats = await handle.stat();
  if (stats.isFile()) return { size: stats.size, handle };
  await handle.close();
  return undefined;
}

export async function logSize({ filesFolder, run }: RunReport): Promise<number | null> {
  const opened = filesFolder === undefined ? undefined : await openPlain(filesFolder, logFile(run.runId));
  await opened?.handle.close();
  return opened?.size ?? null;
}

const pieceBytes = 256 * 1024;
const tailBytes = 64 * 1024;

/** @param from undefined: the log's end */
export async function readLog(reader: StoreReader, runId: number, from: number | undefined): Promise<LogPart> {
  const part = await logPart(reader, runId, (size) => from ?? size - tailBytes);
  if (part === undefined) throw new Refused(404, { message: `run ${runId} has no log` });
  return part;
}

/** undefined where there is no log. */
export function logEnd(reader: StoreReader, runId: number, bytes: number): Promise<LogPart | undefined> {
  return logPart(reader, runId, (size) => size - bytes);
}

async function logPart(
  reader: StoreReader,
  runId: number,
  from: (size: number) => number,
): Promise<LogPart | undefined> {
  const report = await reportOf(reader, runId);
  const opened = report?.filesFolder === undefined ? undefined : await openPlain(report.filesFolder, logFile(runId));
  if (opened === undefined) return undefined;
  const { size, handle } = opened;
  try {
    const start = Math.min(size, Math.max(0, from(size)));
    const bytes = Buffer.alloc(Math.min(pieceBytes, size - start));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    const whole = wholeCharacters(bytes.subarray(0, bytesRead), start + bytesRead === size);
    return { text: whole.toString("utf8"), next: start + whole.length, size };
  } finally {
    await handle.close();
  }
}

/** A piece may end in the middle of a character, whose beginning is left for the next one. */
function wholeCharacters(bytes: Buffer, isEnd: boolean): Buffer {
  if (isEnd) return bytes;
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
