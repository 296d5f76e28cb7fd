/**
 * Where a worker writes the files of one run that go back to a supervisor elsewhere. What is said of them is kept as it was
 * then, until nobody can ask for it again.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode, messageOf } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { asRunFilesError } from "../run/run-files.ts";
import type { Artifact } from "../store/index.ts";
import type { FromWorker } from "../worker/messages.ts";
import { troubleOf } from "../worker/trouble.ts";
import { faultOfRunFiles, type RunFile } from "./carried.ts";
import type { FileExchange } from "./file-exchange.ts";

/** Files that were named in a message. */
export interface KeptFiles {
  readonly files: readonly RunFile[];
  pathOf(digest: string): string | undefined;
  remove(): void;
}

/** What is to be said, and the files that belong to it. */
export interface KeptWords {
  readonly message: FromWorker;
  readonly files?: KeptFiles | undefined;
}

export class RunFolder {
  readonly #folder: string;
  #count = 0;

  /** @param folder of which nothing is there yet */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(this.files, { recursive: true });
  }

  /** For its worker. */
  get files(): string {
    return join(this.#folder, "files");
  }

  /** What the run goes on from. @throws MosaicError where it does not come */
  async fill(files: readonly RunFile[], exchange: FileExchange): Promise<void> {
    for (const { name, ...mark } of files) {
      mkdirSync(dirname(join(this.files, name)), { recursive: true });
      await exchange.fetch(mark, join(this.files, name));
    }
  }

  /**
   * What a message says is there. Where that cannot be kept, its run has failed instead.
   *
   * @returns undefined for a snapshot that the next one has taken the place of
   */
  keep(runId: number, message: FromWorker): KeptWords | undefined {
    const folder = join(this.#folder, `kept-${++this.#count}`);
    try {
      return { message, files: this.#filesOf(runId, message, folder) };
    } catch (error) {
      removeFolder(folder);
      if (message.kind === "failed") return { message };
      if (message.kind === "snapshot" && this.#isSuperseded(error)) return undefined;
      const trouble = troubleOf(existsSync(this.files) ? error : asRunFilesError(this.files, error));
      const { token } = message;
      const failed: FromWorker = { kind: "failed", token, error: messageOf(error), trouble, codeChanged: false };
      return { message: failed, files: trouble === null ? this.keepLog(runId, folder) : undefined };
    }
  }

  /** @param folder of which nothing is there yet, and which outlives this one perhaps */
  keepLog(runId: number, folder: string): KeptFiles | undefined {
    try {
      const logs = this.#logs(runId);
      return logs.length === 0 ? undefined : this.#keep(runId, logs, folder);
    } catch {
      // It says more of an end, and is not worth more than that.
      removeFolder(folder);
      return undefined;
    }
  }

  async remove(): Promise<void> {
    // Its worker may be about to end.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** The part that is full, and the one at hand. */
  #logs(runId: number): readonly Artifact[] {
    return [`output_${runId}.log.1`, `output_${runId}.log`]
      .filter((name) => existsSync(join(this.files, name)))
      .map((path) => ({ kind: "log", path, sizeBytes: 0 }));
  }

  /** undefined where it says nothing of files */
  #filesOf(runId: number, message: FromWorker, folder: string): KeptFiles | undefined {
    // What is not the run's fault is said to one supervisor alone.
    if (message.kind === "failed")
      return message.trouble === null && !message.codeChanged ? this.keepLog(runId, folder) : undefined;
    if (!("artifacts" in message)) return undefined;
    const names = new Set(message.artifacts.map(({ path }) => path));
    const isSnapshot = message.kind === "snapshot";
    const logs = isSnapshot ? [] : this.#logs(runId).filter(({ path }) => !names.has(path));
    return this.#keep(runId, [...message.artifacts, ...logs], folder, isSnapshot);
  }

  /** @param mayChange whether what was named may be another by now */
  #keep(runId: number, artifacts: readonly Artifact[], folder: string, mayChange = false): KeptFiles {
    const named = artifacts.map(({ path: name, sizeBytes: bytes, sha256 = "" }) => ({ name, bytes, digest: sha256 }));
    const fault = faultOfRunFiles(named, { runId });
    if (fault !== undefined) throw new MosaicError("BAD_TRANSFER", fault);
    const files: RunFile[] = [];
    for (const { kind, path: name, sha256 } of artifacts) {
      const [from, to] = [join(this.files, name), join(folder, name)];
      mkdirSync(dirname(to), { recursive: true });
      // What is moved to its place once stays as it is; a log may be written on.
      if (kind === "log") copyFileSync(from, to);
      else linkSync(from, to);
      const isKnown = kind !== "log" && sha256 !== undefined && !mayChange;
      const digest = isKnown ? sha256 : digestOf(to);
      if (kind !== "log" && sha256 !== undefined && digest !== sha256) throw new Superseded(name);
      files.push({ name, bytes: statSync(to).size, digest });
    }
    const byDigest = new Map(files.map(({ digest, name }) => [digest, join(folder, name)]));
    return { files, pathOf: (digest) => byDigest.get(digest), remove: () => removeFolder(folder) };
  }

  #isSuperseded(error: unknown): boolean {
    return error instanceof Superseded || (errorCode(error) === "ENOENT" && existsSync(this.files));
  }
}

/** A file is no longer the one that was named. */
class Superseded extends Error {}

/** What cannot be removed now is at the end, with all. */
function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    return;
  }
}

/** At once, since a run may put another file in the place of this one; in pieces, since it may be a large one. */
function digestOf(path: string): string {
  const [digest, piece, file] = [createHash("sha256"), Buffer.allocUnsafe(2 ** 20), openSync(path, "r")];
  try {
    for (let count = readSync(file, piece); count > 0; count = readSync(file, piece))
      digest.update(piece.subarray(0, count));
  } finally {
    closeSync(file);
  }
  return digest.digest("hex");
}
