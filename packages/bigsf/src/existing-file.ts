import { pathExists } from "@ml-mosaic/base";
import { path, type Type } from "@ml-mosaic/configurable";

import { fileOfAddress } from "./maps/plane.ts";

/**
 * A file that is there. It is looked for while options are read, so that a missing one is told with all that is wrong
 * elsewhere.
 *
 * @param remedy what to do where it is not there
 */
export function existingFile(remedy?: string): Type<string> {
  // An HDU may be named behind the file.
  return existing("file", (file) => pathExists(file) || pathExists(fileOfAddress(file)), remedy);
}

/** A folder that is there, told like a file. */
export function existingFolder(remedy?: string): Type<string> {
  return existing("folder", pathExists, remedy);
}

function existing(what: string, isThere: (path: string) => boolean, remedy: string | undefined): Type<string> {
  return {
    ...path,
    read(value, options) {
      const reading = path.read(value, options);
      if (!reading.ok || isThere(reading.value)) return reading;
      const message = `there is no ${what} ${reading.value}${remedy === undefined ? "" : `; ${remedy}`}`;
      return { ok: false, problems: [{ kind: "precondition", path: [], message }], value: reading.value };
    },
  };
}
