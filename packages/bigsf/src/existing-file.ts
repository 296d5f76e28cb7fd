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
  return {
    ...path,
    read(value, options) {
      const reading = path.read(value, options);
      // An HDU may be named behind the file.
      if (!reading.ok || pathExists(reading.value) || pathExists(fileOfAddress(reading.value))) return reading;
      const message = `there is no file ${reading.value}${remedy === undefined ? "" : `; ${remedy}`}`;
      return { ok: false, problems: [{ kind: "precondition", path: [], message }] };
    },
  };
}
