/** The JSON file of pipelines that `mosaic_generate` writes and other commands read. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { errorCode, messageOf, replaceFiles } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { describeJson, flatPipeline, parsePipeline } from "../pipelines/flat-pipeline.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";

/** Texts are gathered up to this many characters between writes. */
const chunkCharacters = 1 << 18;

/**
 * Writes the pipelines one by one, so that memory stays small, to a temporary file that replaces `file` when it is
 * whole: whatever happens, `file` is the old one or the new one. Returns how many there were; none is an error.
 */
export async function writePipelineFile(file: string, pipelines: Iterable<Pipeline>): Promise<number> {
  const write = async ([temporary = ""]: readonly string[]) => {
    const handle = await open(temporary, "wx");
    try {
      const count = await writeAll(handle, pipelines);
      if (count === 0) throw new MosaicError("NO_PIPELINES", `${file}: there are no pipelines to write.`);
      return count;
    } finally {
      await handle.close();
    }
  };
  return replaceFiles([file], write, { durable: true });
}

async function writeAll(handle: FileHandle, pipelines: Iterable<Pipeline>): Promise<number> {
  let count = 0;
  let chunk = "[";
  for (const pipeline of pipelines) {
    chunk += `${count === 0 ? "" : ","}\n\t${JSON.stringify(flatPipeline(pipeline), null, "\t").replaceAll("\n", "\n\t")}`;
    count += 1;
    if (chunk.length < chunkCharacters) continue;
    await handle.writeFile(chunk);
    chunk = "";
  }
  await handle.writeFile(`${chunk}\n]\n`);
  return count;
}

/** Reads and checks a whole file. Errors name the place inside the JSON, as in `[3][1].width`. */
export async function readPipelineFile(file: string): Promise<readonly Pipeline[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const code = errorCode(cause);
    const reason =
      code === "ENOENT"
        ? "does not exist"
        : code === "EISDIR"
          ? "is a folder"
          : `cannot be read (${code ?? String(cause)})`;
    throw new MosaicError("CANNOT_READ_PIPELINES", `${file} ${reason}. Give a file that mosaic_generate wrote.`, {
      cause,
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new MosaicError("BAD_PIPELINE_FILE", `${file} is not JSON: ${reason}. Write it anew with mosaic_generate.`, {
      cause,
    });
  }
  return parsePipelines(json, file);
}

/** Checks JSON that is to be a list of pipelines; `file` is for the messages. */
export function parsePipelines(json: unknown, file: string): readonly Pipeline[] {
  const faults: string[] = [];
  const pipelines: Pipeline[] = [];
  const list: readonly unknown[] = Array.isArray(json) ? json : [];
  if (list.length === 0) faults.push(`the file: expected a list of pipelines, got ${describeJson(json)}`);
  for (const [index, value] of list.entries()) {
    const parsed = parsePipeline(value, `[${index}]`);
    if (parsed.ok) pipelines.push(parsed.pipeline);
    else faults.push(...parsed.faults);
    if (faults.length >= mostFaults) break;
  }
  if (faults.length === 0) return pipelines;
  const shown = faults.slice(0, mostFaults);
  if (faults.length >= mostFaults) shown.push("and perhaps more");
  throw new MosaicError(
    "BAD_PIPELINE_FILE",
    `${file} is not a file of pipelines:\n${shown.map((fault) => `  ${fault}`).join("\n")}\nWrite it anew with mosaic_generate.`,
  );
}

const mostFaults = 20;
