/**
 * Maps that other packages have to show of a database: those whose classes its runs are made of, where they have a module
 * `board` with a function `mapsOf`. They are those that are installed beside this package, wherever the database is from.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { errorCode } from "@ml-mosaic/base";
import type { StoreReader } from "ml-mosaic/reading";
import type { MapSource } from "./map-source.ts";

/** Of a package of npm, and no path. */
const packagePattern = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/;

export class RegisteredMaps {
  readonly #reader: Pick<StoreReader, "location" | "runs">;
  #lastRun: number | undefined;
  #source: MapSource | undefined;
  #notices: readonly string[] = [];
  #looking: Promise<void> = Promise.resolve();

  constructor(reader: Pick<StoreReader, "location" | "runs">) {
    this.#reader = reader;
  }

  /** undefined where nothing has been found yet. */
  get source(): MapSource | undefined {
    return this.#source;
  }

  /** What has kept packages from showing their maps, a sentence each. */
  get notices(): readonly string[] {
    return this.#notices;
  }

  /** Where there are none, again when there is another last run: a database may be opened before its first one. */
  look(): Promise<void> {
    const look = () => this.#look();
    this.#looking = this.#looking.then(look, look);
    return this.#looking;
  }

  async #look(): Promise<void> {
    if (this.#source !== undefined) return;
    // Others are mostly of the same packages.
    for await (const { runId, pipeline } of this.#reader.runs({ last: 1 })) {
      if (runId === this.#lastRun) return;
      const paths = (pipeline?.modules ?? []).map(({ path }) => path);
      const notices: string[] = [];
      for (const name of new Set(paths.filter((path) => packagePattern.test(path)))) {
        try {
          this.#source ??= await mapsOfPackage(name, this.#reader.location);
        } catch (error) {
          // Whatever another package throws: its maps are one view of many.
          notices.push(`${name} cannot show its maps: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      [this.#lastRun, this.#notices] = [runId, notices];
    }
  }

  async close(): Promise<void> {
    await this.#looking.catch(() => undefined);
    await this.#source?.close();
  }
}

async function mapsOfPackage(name: string, database: string): Promise<MapSource | undefined> {
  const path = moduleOf(name);
  if (path === undefined) return undefined;
  const module: { readonly mapsOf?: unknown } = await import(pathToFileURL(path).href);
  return typeof module.mapsOf === "function" ? module.mapsOf(database) : undefined;
}

const { resolve } = createRequire(import.meta.url);

/** undefined where it is not installed, or has no maps. */
function moduleOf(name: string): string | undefined {
  try {
    return resolve(`${name}/board`);
  } catch (error) {
    if (["MODULE_NOT_FOUND", "ERR_PACKAGE_PATH_NOT_EXPORTED"].includes(String(errorCode(error)))) return undefined;
    throw error;
  }
}
