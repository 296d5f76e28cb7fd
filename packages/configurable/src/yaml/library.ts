import { createRequire } from "node:module";

type Library = typeof import("yaml");

let loaded: Library | undefined;

/** The library for YAML, loaded with the first YAML: it has seventy files, and most commands read none. */
export function yaml(): Library {
  if (loaded === undefined) {
    const library: Library = createRequire(import.meta.url)("yaml");
    loaded = library;
  }
  return loaded;
}
