/** Carries out one run whose pipeline is a program. */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { messageOf, pathExists } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { resultOf } from "../figures/run-figures.ts";
import type { RunOutcome, RunProgress } from "../run/execute-run.ts";
import { checkFence } from "../run/fence.ts";
import type { RunOrder } from "../run/order.ts";
import { asRunFilesError, fileDigest, openRunFiles } from "../run/run-files.ts";
import { runInfoText } from "../run/run-info.ts";
import { temporaryPath } from "../run/temporary-place.ts";
import type { Artifact } from "../store/index.ts";
import { isProgram } from "./options.ts";
import { filesName } from "./program-files.ts";
import { commandOf, graceSeconds, refuseOtherFiles } from "./program-run.ts";
import { Lines, Reports } from "./reports.ts";
import { type ProgramEnd, startProgram } from "./start-program.ts";

/** What sysexits.h calls a failure that passes: the program has saved where it is, and is to be started again. */
const pausedCode = 75;
const lookMilliseconds = 200;
const mostErrorLetters = 4000;
const reportName = "reports.jsonl";
/** By them it is seen that what was read still stands there. */
const mostTailBytes = 4096;

export async function executeProgram(order: RunOrder, progress: RunProgress): Promise<RunOutcome> {
  const start = performance.now();
  const module = order.pipeline.modules.find(isProgram);
  if (module === undefined) throw new MosaicError("BAD_MODULE_SOURCE", "the pipeline has no program");
  await refuseOtherFiles(order, module);
  const command = commandOf(order, module);
  const { path: files, isResumed } = await openFiles(order);
  try {
    const earlier = isResumed ? (order.earlierEpochs ?? []) : [];
    const reports = new Reports(Number(module.options.lr ?? order.process.lr ?? Number.NaN), earlier);
    const epochs = Number(order.process.epochs);
    const reportFile = join(files, reportName);
    await writeFile(reportFile, "");
    let fault: unknown;
    let lastErrors = "";
    const fail = (error: unknown) => {
      fault ??= error;
      program.signal("SIGKILL");
    };
    const takeLine = (line: string) => {
      try {
        if (fault === undefined) reports.take(line);
      } catch (error) {
        fail(error);
      }
    };
    const stdout = new Lines(takeLine);
    // Opened before the program begins, which may remove it at once.
    using written = followFile(reportFile, new Lines(takeLine), fail);
    const program = startProgram({
      command,
      folder: order.folder,
      environment: {
        // Reports come as they are printed.
        PYTHONUNBUFFERED: "1",
        MOSAIC_RUN_ID: String(order.runId),
        MOSAIC_SEED: String(order.seed % 2 ** 32),
        MOSAIC_REPETITION: String(order.repetition),
        MOSAIC_DEVICE: order.device,
        MOSAIC_FILES: files,
        MOSAIC_REPORT: reportFile,
        MOSAIC_RESUME: isResumed ? "1" : "",
      },
      onOutput(bytes, from) {
        // It is the log that standard output leads to.
        process.stdout.write(bytes);
        if (from === "stdout") stdout.add(bytes);
        else lastErrors = (lastErrors + bytes.toString("utf8")).slice(-mostErrorLetters);
      },
    });
    progress.onPrepared();
    const tell = async () => {
      for (const record of reports.changed()) await progress.onEpoch(record, epochs);
    };
    const look = setInterval(() => {
      written.read();
      tell().catch(fail);
    }, lookMilliseconds);
    const pausing = pauseOn(progress, program.signal, graceSeconds(module));
    let end: ProgramEnd;
    try {
      end = await program.ended.catch((error: unknown) => {
        throw new MosaicError("PROGRAM_FAILED", `${command[0]} cannot be started: ${messageOf(error)}`, {
          cause: error,
        });
      });
    } finally {
      pausing.end();
      clearInterval(look);
      written.end();
    }
    stdout.end();
    if (statSync(reportFile, { throwIfNoEntry: false })?.size === 0) await rm(reportFile, { force: true });
    if (fault !== undefined) throw fault;
    const seconds = () => earlier.reduce((sum, record) => sum + record.seconds, 0) + (performance.now() - start) / 1000;
    if (end.code === pausedCode && order.filesFolder !== undefined) {
      await tell();
      const epoch = reports.whole().at(-1)?.epoch ?? 0;
      return { kind: "paused", epochs: epoch, artifacts: await artifactsIn(files, order.filesFolder) };
    }
    if (end.code !== 0 && progress.pause.aborted) return { kind: "left" };
    if (end.code !== 0) throw failure(command, howOf(end), lastErrors);
    const history = reports.history();
    if (history.length === 0) throw failure(command, withoutReport, lastErrors);
    await tell();
    const result = {
      ...resultOf({ history, parameterCount: 0, durationSeconds: seconds() }),
      nb_params: reports.parameterCount,
    };
    if (order.filesFolder === undefined) return { kind: "done", result, directions: {}, artifacts: [] };
    const own = await artifactsIn(files, order.filesFolder);
    await using info = await openRunFiles(order.filesFolder, () => checkFence(order));
    await info.write("info", (folder) =>
      writeFile(join(folder, `run_info_${order.runId}.mdt`), runInfoText(order, result, false)),
    );
    return { kind: "done", result, directions: {}, artifacts: [...own, ...(await info.publish())] };
  } finally {
    if (order.filesFolder === undefined) await rm(files, { recursive: true, force: true });
  }
}

/** What the program has of its own, kept as long as the run's other files. */
async function openFiles({ runId, filesFolder, earlierEpochs }: RunOrder) {
  if (filesFolder === undefined) {
    const path = temporaryPath("program");
    await mkdir(path, { mode: 0o700 });
    return { path, isResumed: false };
  }
  const path = join(filesFolder, filesName(runId));
  const isThere = pathExists(path);
  if (earlierEpochs !== undefined && !isThere) console.warn(`${path} is gone: the run starts anew`);
  const isResumed = earlierEpochs !== undefined && isThere;
  try {
    if (!isResumed) await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw asRunFilesError(filesFolder, error);
  }
  return { path, isResumed };
}

/** Asks for a pause when that is wanted, and does not wait for ever. The run comes forward meanwhile. */
function pauseOn({ pause, onWork }: RunProgress, signal: (signal: "SIGTERM" | "SIGKILL") => void, grace: number) {
  let working: NodeJS.Timeout | undefined;
  let patience: NodeJS.Timeout | undefined;
  const ask = () => {
    signal("SIGTERM");
    working = setInterval(() => onWork(), 1000);
    patience = setTimeout(() => signal("SIGKILL"), 1000 * grace);
  };
  if (pause.aborted) ask();
  else pause.addEventListener("abort", ask, { once: true });
  return {
    end() {
      pause.removeEventListener("abort", ask);
      clearInterval(working);
      clearTimeout(patience);
    },
  };
}

/** @param onRewritten takes an error, where the file was not appended to: what stood there before may not have been read */
function followFile(path: string, lines: Lines, onRewritten: (error: MosaicError) => void) {
  const file = openSync(path, "r");
  let read = 0;
  let tail = Buffer.alloc(0);
  const pieceAt = (from: number, bytes: number) => {
    const piece = Buffer.alloc(bytes);
    return piece.subarray(0, readSync(file, piece, 0, bytes, from));
  };
  const isAppendedTo = () => {
    const { ino, size } = fstatSync(file);
    const now = statSync(path, { throwIfNoEntry: false });
    if (now !== undefined && now.ino !== ino) return false;
    return size >= read && pieceAt(read - tail.length, tail.length).equals(tail);
  };
  const readOn = () => {
    if (!isAppendedTo()) {
      onRewritten(new MosaicError("BAD_REPORT", reportRewritten));
      return;
    }
    for (let left = fstatSync(file).size - read; left > 0; ) {
      const piece = pieceAt(read, Math.min(left, 64 * 1024));
      if (piece.length === 0) return;
      lines.add(piece);
      read += piece.length;
      left -= piece.length;
      tail = Buffer.concat([tail, piece]).subarray(-mostTailBytes);
    }
  };
  return {
    read: readOn,
    end() {
      readOn();
      lines.end();
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

/** None where the program has removed the folder. */
async function artifactsIn(files: string, filesFolder: string): Promise<readonly Artifact[]> {
  if (!pathExists(files)) return [];
  const entries = await readdir(files, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    found.sort().map(async (path) => ({
      kind: "program",
      path: relative(filesFolder, path),
      sizeBytes: (await stat(path)).size,
      sha256: await fileDigest(path),
    })),
  );
}

const withoutReport =
  'ended without a report: have it print {"mosaic": 1, "epoch": 1, "train_loss": …, "test_loss": …} in a line, or write that to the file MOSAIC_REPORT';

const reportRewritten =
  'the file that MOSAIC_REPORT names was written anew, and earlier epochs may be lost by it: append to it, as open(path, "a") does';

function howOf({ code, signal }: ProgramEnd): string {
  if (signal === "SIGKILL") return "was killed by SIGKILL, as the system does where the memory is used up";
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}

/** The first line is all that lists of runs show. */
function failure([program]: readonly string[], how: string, lastErrors: string): MosaicError {
  const text = lastErrors.trim();
  const last = text.split("\n").at(-1)?.trim() ?? "";
  const quoted = text === "" ? "" : `; its last lines on standard error:\n${text}\n`;
  return new MosaicError(
    "PROGRAM_FAILED",
    `${program} ${how}${last === "" ? "" : ` (${last.slice(0, 200)})`}${quoted}`,
  );
}
