/** A thread of `SampleThreads`: makes the data sets that it is told of for itself, and reads their samples in turn. */
import { parentPort } from "node:worker_threads";
import { TensorError } from "../../errors.ts";
import { Generator } from "../../random/generator.ts";
import type { Dataset } from "../dataset.ts";
import { readSamples } from "../read-samples.ts";
import { openDataset } from "./open-dataset.ts";
import { plainError } from "./plain-error.ts";
import type { ThreadReply, ThreadRequest } from "./thread-messages.ts";

const datasets = new Map<number, Promise<Dataset>>();
const port = parentPort;
/** Pieces are wanted in the order in which they were asked for: the next one is begun when the last is there. */
let turn: Promise<void> = Promise.resolve();
port?.on("message", (request: ThreadRequest) => {
  switch (request.kind) {
    case "open": {
      const opened = openDataset(request.origin);
      datasets.set(request.dataset, opened);
      // Whoever asks for samples is told.
      opened.catch(() => undefined);
      break;
    }
    case "read":
      turn = turn.then(() => answer(request));
      break;
    default:
      request satisfies never;
  }
});

async function answer(request: Extract<ThreadRequest, { kind: "read" }>): Promise<void> {
  const { id, specs, indices, concurrency } = request;
  try {
    const dataset = await datasets.get(request.dataset);
    if (dataset === undefined) throw new TensorError("TENSOR_VALUE", `data set ${request.dataset} was not opened`);
    const { seed, path } = request.generator;
    const fields = await readSamples(dataset, specs, indices, { generator: new Generator(seed, path), concurrency });
    const buffers = new Set(fields.flatMap(({ data }) => (data.buffer instanceof ArrayBuffer ? [data.buffer] : [])));
    port?.postMessage({ id, fields } satisfies ThreadReply, [...buffers]);
  } catch (error) {
    port?.postMessage({ id, error: plainError(error) } satisfies ThreadReply);
  }
}
