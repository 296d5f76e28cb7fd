/** What a pilot keeps of supervisors whose folders it does not see: a temporary folder of its own, made when it is needed. */
import { hash } from "node:crypto";
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileDigest } from "../run/run-files.ts";
import { sweepTemporaryFolder, temporaryPath } from "../run/temporary-place.ts";
import type { CarriedProject } from "./carried.ts";
import { type CarriedPlace, makeCarriedPlace, type PlaceOptions } from "./carried-place.ts";
import type { FileExchange } from "./file-exchange.ts";
import { seesMark } from "./offer.ts";
import { type KeptFiles, RunFolder } from "./run-folder.ts";

const mostLastWords = 16;

export class CarriedFolder {
  #folder: string | undefined;
  #count = 0;
  readonly #lastWords: KeptFiles[] = [];
  /** By what they hold: a supervisor that comes after another mostly has the same. */
  readonly #places = new Map<string, CarriedPlace>();

  /**
   * Where runs of this project are carried out; undefined where all of it is seen as it is on the supervisor's machine.
   *
   * @throws MosaicError that says what is missing
   */
  async placeOf(
    project: CarriedProject,
    exchange: FileExchange,
    options: PlaceOptions = { dataRoot: undefined, python: undefined },
  ): Promise<CarriedPlace | undefined> {
    if (await isSeen(project)) return undefined;
    const { marks, ...others } = project;
    const key = hash("sha256", JSON.stringify(others));
    const place =
      this.#places.get(key) ??
      (await makeCarriedPlace(join(await this.#open(), `project-${++this.#count}`), project, exchange, options));
    this.#places.set(key, place);
    return place;
  }

  runFolder(): RunFolder {
    return new RunFolder(join(this.#folder ?? "", `run-${++this.#count}`));
  }

  /** What cannot be removed now is at the end. */
  drop(folder: RunFolder): void {
    void folder.remove().catch(() => undefined);
  }

  /** What the log of a run says whose worker has died, until others have died after it. */
  keepLastWords(folder: RunFolder, runId: number): KeptFiles | undefined {
    const kept = folder.keepLog(runId, join(this.#folder ?? "", `last-words-${++this.#count}`));
    if (kept !== undefined) this.#lastWords.push(kept);
    if (this.#lastWords.length > mostLastWords) this.#lastWords.shift()?.remove();
    return kept;
  }

  lastWords(digest: string): string | undefined {
    return this.#lastWords.map((kept) => kept.pathOf(digest)).find((path) => path !== undefined);
  }

  async remove(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #open(): Promise<string> {
    if (this.#folder !== undefined) return this.#folder;
    await sweepTemporaryFolder();
    const path = temporaryPath("worker");
    mkdirSync(path, { mode: 0o700 });
    // Node and Python know files by their real paths.
    this.#folder = realpathSync(path);
    return this.#folder;
  }
}

async function isSeen({ folder, marks, code }: CarriedProject): Promise<boolean> {
  if (!existsSync(folder) || Object.entries(marks).some(([path, mark]) => !seesMark(path, mark))) return false;
  for (const { path, digest } of code) if (!existsSync(path) || (await fileDigest(path)) !== digest) return false;
  return true;
}
