/**
 * Where a worker writes the files of one run that go back to a supervisor elsewhere. What is said of them is kept as it was
 * then, until nobody can ask for it again.
 */
import { hash } from "node:crypto";
import { copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Artifact } from "../store/index.ts";
import type { FromWorker } from "../worker/messages.ts";
import { mayBeOf, type RunFile } from "./carried.ts";
import type { FileExchange } from "./file-exchange.ts";

/** Files that were named in a message. */
export interface KeptFiles {
  readonly files: readonly RunFile[];
  pathOf(digest: string): string | undefined;
  remove(): void;
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

  /** What a message says is there; undefined where it says nothing of files. */
  keep(runId: number, message: FromWorker): KeptFiles | undefined {
    const folder = join(this.#folder, `kept-${++this.#count}`);
    // What is not the run's fault is said to one supervisor alone.
    if (message.kind === "failed")
      return message.trouble === null && !message.codeChanged ? this.keepLog(runId, folder) : undefined;
    if (!("artifacts" in message)) return undefined;
    const names = new Set(message.artifacts.map(({ path }) => path));
    const logs = message.kind === "snapshot" ? [] : this.#logs(runId).filter(({ path }) => !names.has(path));
    return this.#keep(runId, [...message.artifacts, ...logs], folder);
  }

  /** @param folder of which nothing is there yet, and which outlives this one perhaps */
  keepLog(runId: number, folder: string): KeptFiles | undefined {
    const logs = this.#logs(runId);
    return logs.length === 0 ? undefined : this.#keep(runId, logs, folder);
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

  #keep(runId: number, artifacts: readonly Artifact[], folder: string): KeptFiles {
    const files: RunFile[] = [];
    for (const { kind, path: name, sha256 } of artifacts) {
      if (!mayBeOf(name.split("/")[0] ?? "", runId)) continue;
      const [from, to] = [join(this.files, name), join(folder, name)];
      mkdirSync(dirname(to), { recursive: true });
      // What is moved to its place once stays as it is; a log may be written on.
      if (kind === "log") copyFileSync(from, to);
      else linkSync(from, to);
      const digest = (kind === "log" ? undefined : sha256) ?? hash("sha256", readFileSync(to), "hex");
      files.push({ name, bytes: statSync(to).size, digest });
    }
    const byDigest = new Map(files.map(({ digest, name }) => [digest, join(folder, name)]));
    return {
      files,
      pathOf: (digest) => byDigest.get(digest),
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  }
}
