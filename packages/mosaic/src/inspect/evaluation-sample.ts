/** A sample that a run was evaluated on, as its own data modules make it: their code is carried out. */
import type { Tensor } from "@ml-mosaic/tensor";
import { languageOfPipeline } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import type { ExperimentOrigin } from "../experiment/experiment-origin.ts";
import { readRunModules } from "../experiment/run-modules.ts";
import type { ModuleSpec } from "../pipelines/pipeline.ts";
import { processParams, stagesOf } from "../pipelines/run-params.ts";
import { digestOfLoaders } from "../run/data-digest.ts";
import { prepareRun } from "../run/execute-run.ts";
import type { StoreReader } from "../store/index.ts";
import { readRunReport } from "./run-report.ts";

export interface SampleField {
  /** Without the axis of samples. */
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export interface EvaluationSample {
  readonly features: readonly SampleField[];
  readonly target: SampleField | undefined;
}

/** @throws MosaicError for a run whose data modules have another text now */
async function refuseOtherText(
  reader: StoreReader,
  runId: number,
  origin: ExperimentOrigin,
  data: readonly ModuleSpec[],
): Promise<void> {
  const project = { folder: origin.folder, start: origin.start, python: undefined };
  const { changed } = await readRunModules(() => reader.runs({ runIds: [runId] }), [origin], project);
  const [other] = data.filter(({ path }) => changed.has(path));
  if (other !== undefined)
    throw new MosaicError(
      "CODE_CHANGED",
      `${other.path} has another text than when run ${runId} was evaluated, so that its samples may be others: put the text back, or type values in`,
    );
}

/**
 * @param place counted from 0, in the order of the evaluation
 * @throws MosaicError where its data cannot be had or have no such sample, besides what users' modules throw
 */
export async function evaluationSample(reader: StoreReader, runId: number, place: number): Promise<EvaluationSample> {
  const { run, origin } = await readRunReport(reader, runId);
  const { pipeline, params, details } = run;
  if (pipeline === undefined || details === undefined || details === null || origin === undefined)
    throw new MosaicError("NO_ORIGIN", `nothing is recorded of where the data of run ${runId} come from`);
  if (languageOfPipeline(pipeline) !== "TypeScript")
    throw new MosaicError(
      "NO_MODULE",
      `the data of run ${runId} are not made by modules in TypeScript: type values in`,
    );
  const process = processParams(pipeline, params);
  // What the data are is recorded of those in memory only.
  if (details.dataDigest === null) await refuseOtherText(reader, runId, origin, stagesOf(pipeline, process).data);
  await using chain = await prepareRun({
    runId,
    pipeline,
    process,
    repetition: details.repetition,
    seed: details.seed,
    device: "cpu",
    folder: origin.folder,
    files: undefined,
    acceptsCode: true,
    filesFolder: undefined,
    executor: undefined,
    earlierEpochs: undefined,
  });
  if (details.dataDigest !== null && details.dataDigest !== (await digestOfLoaders(chain.loaders)))
    throw new MosaicError(
      "CODE_CHANGED",
      `the data of run ${runId} are no longer those that it was evaluated on: put its data modules and files back, or type values in`,
    );
  let first = 0;
  for await (const batch of chain.loaders[1]) {
    const count = batch[0]?.shape[0] ?? 0;
    if (place < first + count) {
      const fields = await Promise.all(batch.map((tensor) => fieldOf(tensor, place - first)));
      return { features: fields.slice(0, -1), target: fields.at(-1) };
    }
    first += count;
  }
  throw new MosaicError("NO_RUN_SELECTED", `run ${runId} was evaluated on ${first} samples: they count from 0`);
}

async function fieldOf(tensor: Tensor, row: number): Promise<SampleField> {
  const shape = tensor.shape.slice(1);
  const size = shape.reduce((product, length) => product * length, 1);
  const data = await tensor.data();
  return { shape, values: Array.from(data.subarray(row * size, (row + 1) * size), Number) };
}
