/** Writes a file of many texts, so that their number costs no memory. */
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { pathExists, replaceFiles, requireReplaceable, WriteError } from "@ml-mosaic/base";

/** Texts are gathered up to this many characters between writes. */
const chunkCharacters = 1 << 18;

/**
 * What is there under another ending is a database, a configuration or a module whose name was given by mistake.
 *
 * @throws WriteError if it must not be replaced, or nothing can be written there: to be known before long work is begun
 */
export async function requireJsonTarget(file: string): Promise<void> {
  await requireReplaceable(file);
  if (extname(file).toLowerCase() !== ".json" && pathExists(file))
    throw new WriteError(file, "it is there already, and only a .json file is replaced; name another file");
}

/** The texts of a JSON file one behind the other; whatever happens, `file` is the old one or the new one. */
export async function writeTexts(
  file: string,
  texts: Iterable<string> | AsyncIterable<string>,
  options?: { readonly durable: boolean },
): Promise<void> {
  await requireJsonTarget(file);
  const write = async ([temporary = ""]: readonly string[]) => {
    const handle = await open(temporary, "wx");
    try {
      let chunk = "";
      for await (const text of texts) {
        chunk += text;
        if (chunk.length < chunkCharacters) continue;
        await handle.writeFile(chunk);
        chunk = "";
      }
      await handle.writeFile(chunk);
    } finally {
      await handle.close();
    }
  };
  await replaceFiles([file], write, options);
}

/** The items of a list as `JSON.stringify` lays them out with tabs, within something that is `depth` tabs deep. */
export function listItem(value: unknown, index: number, depth: number): string {
  const indent = `\n${"\t".repeat(depth)}`;
  return `${index === 0 ? "" : ","}${indent}${JSON.stringify(value, null, "\t").replaceAll("\n", indent)}`;
}
