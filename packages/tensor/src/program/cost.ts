/**
 * What a step takes on each executor, as far as it is known before it is compiled: the numbers of what it has to do, times what
 * each takes on a usual processor. `node bench/executors.ts` measures steps of some sixty trainings, from tiny ones to large, and
 * prints the constants that fit best.
 *
 * The formula is part of what is promised: the choice is the same for a program on every machine, and changes with the version
 * alone. So constants change only together with a reason, and only in versions that say so.
 */
import { Latest } from "@ml-mosaic/base";
import { nodesOf, type ProgramNodes } from "../wasm/nodes.ts";
import { type Work, workOf } from "../wasm/work.ts";
import type { LoopGraph } from "./loop.ts";
import { loopKey } from "./loop-key.ts";

export interface StepEstimate extends Pick<ProgramNodes, "missing"> {
  readonly work: Work;
  readonly microseconds: Readonly<Record<"onnx" | "wasm", number>>;
}

/** Nanoseconds. ONNX Runtime begins an op in the time of ten thousand operations, and WebAssembly takes three times as long for a term. */
const onnx: Work = {
  step: 0,
  nests: 830,
  inner: 600,
  operations: 0.07,
  terms: 0.0082,
  calls: 2.6,
  windows: 0.022,
  alone: 0,
};
const wasm: Work = {
  step: 92,
  nests: 2.2,
  inner: 2.2,
  operations: 0.0115,
  terms: 0.0242,
  calls: 11,
  windows: 0.0075,
  alone: 0.25,
};

/** Of programs that differ in their values alone. */
const estimates = new Latest<StepEstimate>(64);

export function estimateStep(graph: LoopGraph): StepEstimate {
  return estimates.for(loopKey(graph), () => {
    const { nodes, missing } = nodesOf(graph);
    const work = workOf(nodes);
    return { work, missing, microseconds: { onnx: time(work, onnx), wasm: time(work, wasm) } };
  });
}

function time(work: Work, each: Work): number {
  const nanoseconds =
    work.step * each.step +
    work.nests * each.nests +
    work.inner * each.inner +
    work.operations * each.operations +
    work.terms * each.terms +
    work.calls * each.calls +
    work.windows * each.windows +
    work.alone * each.alone;
  return nanoseconds / 1000;
}
