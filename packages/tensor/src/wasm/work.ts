/** What a step has to do, counted before anything is compiled: see `program/cost.ts`. */
import { sizeOf } from "../shape.ts";
import { axesOfIndex, indicesOf, operandsOf } from "./analysis.ts";
import type { Axis } from "./indices.ts";
import type { Expression, Nest } from "./loops.ts";
import type { InnerLoop, Node } from "./nodes.ts";

/** How often each is done. */
export interface Work {
  step: number;
  /** Nests that compute something, and do not move elements alone. */
  nests: number;
  /** The same in loops over slices, such as recurrent layers, once for each slice. */
  inner: number;
  /** Reads and operators, once for each element of the results. */
  operations: number;
  /** The same within reductions, once for each term. */
  terms: number;
  /** Elementary functions. */
  calls: number;
  /** Of the terms those of sums over three axes or more, as convolutions are. */
  windows: number;
  /** Of these the reads that no other element of the result shares, as in statistics of channels and convolutions of one by itself. */
  alone: number;
}

export function workOf(nodes: readonly Node[]): Work {
  const work: Work = { step: 1, nests: 0, inner: 0, operations: 0, terms: 0, calls: 0, windows: 0, alone: 0 };
  const loops = new Set<InnerLoop>();
  for (const { source } of nodes) {
    if (source.form === "nest") addNest(work, source.nest);
    else if (source.form === "result") loops.add(source.loop);
  }
  for (const { body, graph } of loops) {
    const { nests, inner, operations, terms, calls, windows, alone } = workOf(body.nodes);
    work.inner += graph.length * (nests + inner);
    work.operations += graph.length * operations;
    work.terms += graph.length * terms;
    work.calls += graph.length * calls;
    work.windows += graph.length * windows;
    work.alone += graph.length * alone;
  }
  return work;
}

function addNest(work: Work, { shape, axes: outer, value, onto }: Nest): void {
  let computes = onto !== undefined;
  /** How often an expression is known to be computed: what stands in several places is computed once. */
  const counted = new Map<Expression, number>();
  const add = (expression: Expression, times: number, axes: number): void => {
    const more = times - (counted.get(expression) ?? 0);
    if (more <= 0) return;
    counted.set(expression, times);
    const { form } = expression;
    if (form === "apply" || form === "call" || form === "reduce") computes = true;
    if (form === "call") work.calls += more;
    else if (form === "read" || form === "apply") {
      work[axes > 0 ? "terms" : "operations"] += more;
      if (axes >= 3) work.windows += more;
      if (axes >= 3 && form === "read" && isAlone(expression, outer)) work.alone += more;
    }
    for (const index of indicesOf(expression))
      for (const { term } of index.terms) if (term.form === "value") add(term.value, times, axes);
    if (form === "reduce") {
      add(expression.start, times, axes);
      const count = expression.axes.reduce((product, { size }) => product * size, times);
      add(expression.body, count, axes + expression.axes.length);
    } else for (const operand of operandsOf(expression)) add(operand, times, axes);
  };
  add(value, sizeOf(shape), 0);
  if (onto !== undefined) add(onto.value, sizeOf(onto.axes.map(({ size }) => size)), 1);
  if (computes) work.nests++;
}

/** Whether what is read is another for each element of the result, so that nothing is kept for several of them. */
function isAlone(read: Expression, outer: readonly Axis[]): boolean {
  const axes = new Set(indicesOf(read).flatMap(axesOfIndex));
  return outer.every((axis) => axis.size === 1 || axes.has(axis));
}
