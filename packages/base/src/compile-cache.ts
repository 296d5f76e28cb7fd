/** What V8 has compiled of our modules is kept for the next start, which then takes half of the time. */
import { constants, enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Keeps it in `$XDG_CACHE_HOME/ml-mosaic`, or below `.cache` of the home folder, where nobody else can write; processes that
 * this one starts share it. NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 does without. Without a
 * folder that can be written everything goes on, only slower.
 */
export function keepCompiledCode(environment: NodeJS.ProcessEnv = process.env): void {
  const folder = environment.NODE_COMPILE_CACHE ?? cacheFolder(environment);
  if (folder === undefined) return;
  const { status } = enableCompileCache(folder);
  if (status === constants.compileCacheStatus.ENABLED) environment.NODE_COMPILE_CACHE = folder;
}

function cacheFolder({ XDG_CACHE_HOME: caches = "" }: NodeJS.ProcessEnv): string | undefined {
  try {
    return join(isAbsolute(caches) ? caches : join(homedir(), ".cache"), "ml-mosaic");
  } catch {
    // A user without a home.
    return undefined;
  }
}
