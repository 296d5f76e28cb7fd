/**
 * Maps that other packages have to show of a database: those whose classes its runs are made of, where they have a module
 * `board` with a function `mapsOf`. They are those that are installed beside this package, wherever the database is from.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { errorCode } from "@ml-mosaic/base";
import { openSqliteReader } from "ml-mosaic/reading";
import type { MapSource } from "./map-source.ts";

/** Of a package of npm, and no path. */
const packagePattern = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/;

export async function registeredMaps(database: string): Promise<MapSource | undefined> {
  for (const name of await packagesOf(database)) {
    const found = await mapsOfPackage(name, database);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Of the last run: others are mostly of the same ones. */
async function packagesOf(database: string): Promise<ReadonlySet<string>> {
  const reader = await openSqliteReader(database);
  try {
    const paths: string[] = [];
    for await (const { pipeline } of reader.runs({ last: 1 }))
      paths.push(...(pipeline?.modules ?? []).map(({ path }) => path));
    return new Set(paths.filter((path) => packagePattern.test(path)));
  } finally {
    await reader.close();
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
