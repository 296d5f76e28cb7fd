/** The JSON file of pipelines that `mosaic_generate` writes and other commands read. */
import { errorCode, messageOf } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { describeJson, flatPipeline, parsePipeline } from "../pipelines/flat-pipeline.ts";
import { type JsonSource, readJsonFile } from "../pipelines/json-source.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { listItem, writeTexts } from "../pipelines/write-texts.ts";

/**
 * Writes the pipelines one by one, so that memory stays small, to a temporary file that replaces `file` when it is
 * whole: whatever happens, `file` is the old one or the new one. Returns how many there were; none is an error.
 */
export async function writePipelineFile(file: string, pipelines: Iterable<Pipeline>): Promise<number> {
  let count = 0;
  function* texts() {
    yield "[";
    for (const pipeline of pipelines) yield listItem(flatPipeline(pipeline), count++, 1);
    if (count === 0) throw new MosaicError("NO_PIPELINES", `${file}: there are no pipelines to write.`);
    yield "\n]\n";
  }
  await writeTexts(file, texts(), { durable: true });
  return count;
}

/**
 * Reads and checks a whole file, giving each pipeline to `take` as it comes. Errors name the place inside the JSON, as in
 * `[3][1].width`; they come when the file is at its end, or are many.
 */
export async function readPipelineFile(file: string, take: (pipeline: Pipeline) => void): Promise<void> {
  try {
    await readJsonFile(file, (source) => readPipelines(source, file, take));
  } catch (cause) {
    if (cause instanceof MosaicError) throw cause;
    if (cause instanceof SyntaxError)
      throw new MosaicError(
        "BAD_PIPELINE_FILE",
        `${file} is not JSON: ${messageOf(cause)}. Write it anew with mosaic_generate.`,
        { cause },
      );
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
}

/** Checks what comes next, which is to be a list of pipelines; `file` is for the messages. */
export async function readPipelines(
  source: JsonSource,
  file: string,
  take: (pipeline: Pipeline) => void,
): Promise<void> {
  const faults: string[] = [];
  let count = 0;
  const expectedList = (got: unknown) => `the file: expected a list of pipelines, got ${describeJson(got)}`;
  if ((await source.comes()) === "list")
    for await (const value of source.items()) {
      const parsed = parsePipeline(value, `[${count++}]`);
      if (!parsed.ok) faults.push(...parsed.faults);
      else if (faults.length === 0) take(parsed.pipeline);
      if (faults.length >= mostFaults) break;
    }
  else faults.push(expectedList(await source.value()));
  if (faults.length === 0 && count === 0) faults.push(expectedList([]));
  if (faults.length === 0) return;
  const shown = faults.slice(0, mostFaults);
  if (faults.length >= mostFaults) shown.push("and perhaps more");
  throw new MosaicError(
    "BAD_PIPELINE_FILE",
    `${file} is not a file of pipelines:\n${shown.map((fault) => `  ${fault}`).join("\n")}\nWrite it anew with mosaic_generate.`,
  );
}

const mostFaults = 20;
