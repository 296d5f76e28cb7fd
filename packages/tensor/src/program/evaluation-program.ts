import { Latest } from "@ml-mosaic/base";
import { bufferEntry, checkValues, type Layout, type StateRun, segmentEntry, type TrainingState } from "./layout.ts";
import type { Part } from "./loop.ts";
import { type StepBuilder, type StepValues, traceStep } from "./step.ts";
import { evaluationKey } from "./step-key.ts";
import { type Plan, type PlannedStep, type ProgramOptions, type StepChunk, stepProgram } from "./step-program.ts";

export interface EvaluationOptions extends ProgramOptions {
  /** Builds one step; called once for each size of batch. */
  readonly step: StepBuilder;
  /** Where the program finds what training changes; other variables have their present values. */
  readonly layout: Layout;
  /** The usual number of samples of a batch; where it is told, errors in the step are found at once. */
  readonly batchSize?: number;
}

export interface EvaluationChunk extends StepChunk {
  /** Which step of those that the generator keys is the chunk's first, so that pieces of a chunk draw what it would. */
  readonly firstStep?: number;
}

/** The same loop over minibatches as training, but nothing is changed. */
export interface EvaluationProgram {
  run(state: TrainingState, chunk: EvaluationChunk): Promise<StepValues>;
  release(): void;
}

interface EvaluationRun extends StateRun {
  readonly firstStep: number;
}

const plans = new Latest<PlannedStep<EvaluationRun, Plan<EvaluationRun>>>(64);

export function compileEvaluation({ layout, batchSize, step, ...options }: EvaluationOptions): EvaluationProgram {
  const program = stepProgram<EvaluationRun, "evaluation", Plan<EvaluationRun>>(
    "evaluation",
    options,
    plans,
    (batch, size) => {
      const traced = traceStep(batch, step);
      return {
        key: evaluationKey({ fields: options.fields, batch, batchSize: size }, traced, layout),
        variables: traced.leaves,
        make: () => ({ ...traced, parts: [stateValues(layout)] }),
        isShared: () => true,
      };
    },
  );
  if (batchSize !== undefined) program.plan(batchSize, "evaluation");
  return {
    async run(state, { firstStep = 0, ...chunk }) {
      const { run } = await program.prepare(chunk, "evaluation");
      checkValues(layout, state);
      const { values } = await run({ state, firstStep });
      return values;
    },
    release: () => program.release(),
  };
}

function stateValues(layout: Layout): Part<StateRun> {
  const segments = layout.segments.map(segmentEntry);
  return {
    fixed: [...segments.map(({ entry }) => entry), ...layout.buffers.map(bufferEntry)],
    computed: segments.flatMap(({ computed }) => computed),
  };
}
