import { expectFloat32 } from "../dtype.ts";
import type { Generator } from "../random/generator.ts";
import type { Device } from "../runtime/device.ts";
import type { Variable } from "../variable.ts";
import {
  chunkFields,
  type FieldSpec,
  fieldEntries,
  fieldFeeds,
  gatherFields,
  rowFeed,
  type SampleArray,
  type SampleChunk,
} from "./batches.ts";
import { compileLoop } from "./compile-loop.ts";
import type { Layout, TrainingState } from "./layout.ts";
import type { LoopProgram } from "./loop.ts";
import { keyEntries, keyFeeds, keyNames } from "./random-keys.ts";
import {
  bindLayout,
  constantEntries,
  constantFeeds,
  layoutEntries,
  layoutFeeds,
  present,
  type StepBuilder,
  type StepValues,
  type TracedStep,
  traceStep,
} from "./step.ts";

export interface EvaluationOptions {
  /** The samples, of which a step sees rows; or what they will be, where each chunk brings its own. */
  readonly fields: readonly (FieldSpec | SampleArray)[];
  /** Where the program finds what training changes; other variables have their present values. */
  readonly layout: Layout;
  readonly step: StepBuilder;
  /** The usual number of samples of a batch; where it is told, errors in the step are found at once. */
  readonly batchSize?: number;
  readonly device?: Device | undefined;
}

export interface EvaluationChunk extends SampleChunk {
  /** Keys the random ops of the chunk. */
  readonly generator: Generator;
  /** Which step of those that the generator keys is the chunk's first, so that pieces of a chunk draw what it would. */
  readonly firstStep?: number;
}

/** The same loop over minibatches as training, but nothing is changed. */
export interface EvaluationProgram {
  run(state: TrainingState, chunk: EvaluationChunk): Promise<StepValues>;
  release(): void;
}

export function compileEvaluation({
  fields,
  layout,
  step,
  batchSize: usual,
  device = "cpu",
}: EvaluationOptions): EvaluationProgram {
  const programs = new Map<number, { readonly traced: TracedStep; readonly scan: Promise<LoopProgram> }>();
  const changing = new Set<Variable>([...layout.segments.flatMap(({ parameters }) => parameters), ...layout.buffers]);
  const constantsOf = ({ leaves }: TracedStep) => leaves.filter((leaf) => !changing.has(leaf));
  const first = usual === undefined ? undefined : traceStep(fields, step, usual);
  const programFor = (batchSize: number) => {
    const known = programs.get(batchSize);
    if (known !== undefined) return known;
    const traced = batchSize === usual && first !== undefined ? first : traceStep(fields, step, batchSize);
    const constants = constantsOf(traced);
    const scan = compileLoop(
      {
        name: "evaluation",
        fixed: [...fieldEntries(fields), ...layoutEntries(layout), ...constantEntries(constants)],
        carried: [],
        perStep: [{ name: "rows", shape: [batchSize], dtype: "int32" }, ...keyEntries(traced.randomOps)],
        randomKey: keyNames,
        body(inputs) {
          const { entry, bind } = inputs;
          bindLayout(layout, inputs);
          for (const [index, leaf] of constants.entries()) bind(leaf, entry(`constant${index}`));
          for (const [index, rows] of gatherFields(fields, entry, entry("rows")).entries())
            bind(present(traced.batch[index]), rows);
          return { carried: {}, collected: traced.reported };
        },
      },
      device,
    );
    const program = { traced, scan };
    programs.set(batchSize, program);
    return program;
  };
  return {
    async run(state, { rows, batchSize, fields: given, generator, firstStep = 0 }) {
      const samples = chunkFields(fields, given);
      const chosen = rowFeed(samples, rows, batchSize);
      const { traced, scan } = programFor(batchSize);
      const result = await (await scan).run({
        ...fieldFeeds(samples),
        ...layoutFeeds(layout, state),
        ...constantFeeds(constantsOf(traced)),
        ...keyFeeds(traced.randomOps, generator, firstStep, rows.length / batchSize),
        rows: chosen,
      });
      return Object.fromEntries(
        Object.keys(traced.reported).map((name) => [name, expectFloat32(result.collected(name), name)]),
      );
    },
    release() {
      for (const { scan } of programs.values()) {
        scan.then(
          (ready) => ready.release(),
          () => undefined,
        );
      }
    },
  };
}
