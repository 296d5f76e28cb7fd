/** What a snapshot says of the users' files that its run was trained with. */
import { relative, resolve } from "node:path";
import { MosaicError } from "../errors.ts";
import type { FileDigests } from "../modules/user-files.ts";

/** In the header of a snapshot: digests of the files by their paths from the configuration file's folder. */
export const codeKey = "CODE";

export function codeText(files: FileDigests, folder: string): string {
  return JSON.stringify(Object.fromEntries(Array.from(files, ([path, digest]) => [relative(folder, path), digest])));
}

/**
 * @param text as `codeText` has written it; earlier versions have not
 * @throws MosaicError that names the file of the run which has another text than when the snapshot was written
 */
export function refuseOtherCode(text: string | undefined, files: FileDigests, folder: string, snapshot: string): void {
  const digests: Readonly<Record<string, unknown>> = text === undefined ? {} : Object(JSON.parse(text));
  for (const [name, digest] of Object.entries(digests)) {
    const now = files.get(resolve(folder, name));
    if (now === undefined || now === digest) continue;
    throw new MosaicError(
      "BAD_SNAPSHOT",
      `${snapshot} was trained with another text of ${name}: put the text back, go on with the new one by mosaic rerun --accept-code, or remove the snapshot to start the run anew`,
    );
  }
}
