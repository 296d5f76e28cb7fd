import { expectFloat32 } from "../dtype.ts";
import type { Generator } from "../random/generator.ts";
import type { Variable } from "../variable.ts";
import { fieldEntries, fieldFeeds, gatherFields, rowFeed, type SampleArray } from "./batches.ts";
import type { Layout, TrainingState } from "./layout.ts";
import { keyEntries, keyFeeds, keyNames } from "./random-keys.ts";
import { compileScan, type ScanProgram } from "./scan.ts";
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
  readonly fields: readonly SampleArray[];
  /** Where the program finds what training changes; other variables have their present values. */
  readonly layout: Layout;
  readonly step: StepBuilder;
}

/** The same loop over minibatches as training, but nothing is changed. */
export interface EvaluationProgram {
  /** @param rows batch after batch: [steps * batchSize] */
  run(state: TrainingState, rows: Int32Array, batchSize: number, generator: Generator): Promise<StepValues>;
  release(): void;
}

export function compileEvaluation({ fields, layout, step }: EvaluationOptions): EvaluationProgram {
  const programs = new Map<number, { readonly traced: TracedStep; readonly scan: Promise<ScanProgram> }>();
  const changing = new Set<Variable>([...layout.segments.flatMap(({ parameters }) => parameters), ...layout.buffers]);
  const samples = fieldFeeds(fields);
  const constantsOf = ({ leaves }: TracedStep) => leaves.filter((leaf) => !changing.has(leaf));
  const programFor = (batchSize: number) => {
    const known = programs.get(batchSize);
    if (known !== undefined) return known;
    const traced = traceStep(fields, step, batchSize);
    const constants = constantsOf(traced);
    const scan = compileScan({
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
        return { carried: {}, collected: { loss: traced.loss, ...traced.metrics } };
      },
    });
    const program = { traced, scan };
    programs.set(batchSize, program);
    return program;
  };
  return {
    async run(state, rows, batchSize, generator) {
      const chosen = rowFeed(fields, rows, batchSize);
      const { traced, scan } = programFor(batchSize);
      const result = await (await scan).run({
        ...samples,
        ...layoutFeeds(layout, state),
        ...constantFeeds(constantsOf(traced)),
        ...keyFeeds(traced.randomOps, generator, 0, rows.length / batchSize),
        rows: chosen,
      });
      return Object.fromEntries(
        ["loss", ...Object.keys(traced.metrics)].map((name) => [name, expectFloat32(result.collected(name), name)]),
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
