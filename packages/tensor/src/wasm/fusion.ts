/**
 * Which nests are computed into memory, and which are put into the nests that read them. An element is never computed twice
 * for that: a nest is put into others only if these read each of its elements at most once, or if it moves elements without
 * computing and is easily found where it was. A reduction stays out of the bodies of others, where tiles could not share what it
 * reads.
 */
import type { DType } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { sizeOf } from "../shape.ts";
import { hasReduction, indicesOf, operandsOf } from "./analysis.ts";
import { isWrittenOut, type PlacedNest } from "./emit-nest.ts";
import { type Axis, at, axisOf, constantIndex, type Index, isPlain, sameIndex, substituted } from "./indices.ts";
import { type Expression, type Nest, place } from "./loops.ts";
import type { InnerLoop, Node, StepNodes } from "./nodes.ts";
import { rebuilt } from "./rebuild.ts";

/** A loop whose operands are buffers, each with a buffer for every state at the end and for whatever it keeps. */
export interface PlacedLoop {
  readonly loop: InnerLoop;
  readonly operands: readonly number[];
  /** Of one step: the next states, then what is kept. */
  readonly body: Fused;
  /** One for each result of the body. */
  readonly targets: readonly number[];
}

/** What a step computes, in order. Operands are numbers of buffers. */
export interface Fused {
  readonly parts: readonly (PlacedNest | PlacedLoop)[];
  /** For each buffer the node whose elements it holds. */
  readonly buffers: readonly Node[];
  /** Where each result of the step is. */
  readonly results: readonly number[];
}

type NestNode = Node & { readonly source: { readonly form: "nest" } };

function isNest(node: Node): node is NestNode {
  return node.source.form === "nest";
}

interface Use {
  /** Elements that are read, with repetitions. */
  reads: number;
  inReduction: boolean;
}

export function fuse({ nodes, results }: StepNodes): Fused {
  const stops = stopsOf(nodes, results);
  // What loops read must be there as a whole.
  const whole = new Set([
    ...results,
    ...stops,
    ...nodes.flatMap(({ source }) => (source.form === "result" ? source.loop.operands : [])),
  ]);
  const fusion = new Fusion(usesOf(nodes, whole), whole);
  for (const stop of stops) fusion.bufferOf(stop);
  // What is collected first: what is carried can then take the places of what it follows on.
  const ends = new Map(results.toReversed().map((node) => [node, fusion.bufferOf(node)]));
  return { parts: fusion.parts, buffers: fusion.buffers, results: results.map((node) => ends.get(node) ?? 0) };
}

/** Nodes that follow on each other; what goes through them calls itself for each, and would run out of stack. */
const longestChain = 100;

/** Where chains of nodes are cut: each is computed into memory, one after the other. */
function stopsOf(nodes: readonly Node[], results: readonly Node[]): readonly Node[] {
  const needed = new Set(results);
  for (const node of nodes.toReversed())
    if (needed.has(node)) for (const each of operandsOfNode(node)) needed.add(each);
  const lengths = new Map<Node, number>();
  for (const node of nodes)
    lengths.set(
      node,
      operandsOfNode(node).reduce((most, each) => Math.max(most, 1 + (lengths.get(each) ?? 0)), 0),
    );
  return nodes.filter((node) => needed.has(node) && (lengths.get(node) ?? 0) % longestChain === longestChain - 1);
}

function operandsOfNode({ source }: Node): readonly Node[] {
  if (source.form === "nest") return source.operands;
  return source.form === "result" ? source.loop.operands : [];
}

/** Moves elements, or chooses among moved ones. */
function isFree(node: Node): boolean {
  if (!isNest(node) || node.source.nest.onto !== undefined) return false;
  const isMove = (expression: Expression): boolean =>
    expression.form === "number" ||
    (expression.form === "read" &&
      expression.at.every((index) => index.terms.every(({ term }) => term.form !== "value"))) ||
    (expression.form === "when" &&
      expression.condition.form === "within" &&
      isMove(expression.yes) &&
      isMove(expression.no));
  return isMove(node.source.nest.value);
}

/** Whether what moves elements reads, at a place, one at a place that takes no conditions, quotients and remainders to find. */
function movesPlainly({ source: { nest } }: NestNode, indices: readonly Index[]): boolean {
  const { value } = nest;
  if (value.form !== "read") return value.form === "number";
  const axes = new Map(nest.axes.map((axis, index) => [axis, elementAt(indices, index)]));
  return value.at.every((index) => isPlain(substituted(index, axes, (each) => each)));
}

function mayJoin(node: Node, use: Use): boolean {
  if (!isNest(node) || node.source.nest.onto !== undefined) return false;
  if (isFree(node)) return true;
  const { nest } = node.source;
  if (use.reads > sizeOf(node.shape)) return false;
  return !(use.inReduction && hasReduction(nest.value) && !isWrittenOut(nest));
}

function usesOf(nodes: readonly Node[], whole: ReadonlySet<Node>): ReadonlyMap<Node, Use> {
  const uses = new Map<Node, Use>(nodes.map((node) => [node, { reads: 0, inReduction: false }]));
  const useOf = (node: Node) => uses.get(node) ?? { reads: 0, inReduction: false };
  for (const node of nodes.toReversed()) {
    if (!isNest(node)) continue;
    const own = useOf(node);
    const { nest, operands } = node.source;
    const joins = mayJoin(node, own) && !whole.has(node);
    const times = joins ? own.reads : sizeOf(node.shape);
    if (own.reads === 0 && !whole.has(node)) continue;
    const seen = new Map<Expression, number>();
    const visit = (expression: Expression, weight: number, inReduction: boolean, isGuarded: boolean): void => {
      if ((seen.get(expression) ?? 0) >= weight) return;
      seen.set(expression, weight);
      for (const index of indicesOf(expression))
        for (const value of valuesOf(index)) visit(value, weight, inReduction, isGuarded);
      if (expression.form === "read") {
        const operand = elementAt(operands, expression.operand);
        const use = useOf(operand);
        // Behind a condition no more than all elements are read, unless a reduction reads them again and again.
        use.reads += isGuarded && !inReduction ? Math.min(weight, sizeOf(operand.shape)) : weight;
        use.inReduction ||= inReduction || (joins && own.inReduction);
      }
      if (expression.form === "reduce") {
        const count = expression.axes.reduce((product, { size }) => product * size, weight);
        visit(expression.start, weight, inReduction, isGuarded);
        visit(expression.body, count, true, isGuarded);
      } else
        for (const operand of operandsOf(expression))
          visit(operand, weight, inReduction, isGuarded || expression.form === "when");
    };
    const reads = distinctReads(nest.value);
    visit(reads, times, false, false);
    if (nest.onto !== undefined) {
      const count = nest.onto.axes.reduce((product, { size }) => product * size, 1);
      visit(nest.onto.value, count, true, false);
      for (const index of nest.onto.at) for (const value of valuesOf(index)) visit(value, count, true, false);
    }
  }
  return uses;
}

/** The same expression, in which equal reads are one object. */
function distinctReads(expression: Expression): Expression {
  const reads: Extract<Expression, { form: "read" }>[] = [];
  const same = (one: Extract<Expression, { form: "read" }>) => {
    const known = reads.find(
      (other) =>
        other.operand === one.operand &&
        other.at.every((index, axis) => sameIndex(index, one.at[axis] ?? constantIndex(-1))),
    );
    if (known !== undefined) return known;
    reads.push(one);
    return one;
  };
  return rebuilt(
    expression,
    new Map(),
    (read) => same(read),
    (index) => index,
    (axes) => axes,
  );
}

function valuesOf(index: Index): readonly Expression[] {
  return index.terms.flatMap(({ term }) =>
    term.form === "value" ? [term.value] : term.form === "axis" ? [] : valuesOf(term.of),
  );
}

/** Positions of larger results are not divided and taken remainders of for what could be computed in order. */
const mostDivided = 64;

class Fusion {
  readonly parts: (PlacedNest | PlacedLoop)[] = [];
  readonly buffers: Node[] = [];
  readonly #numbers = new Map<Node, number>();
  readonly #loops = new Map<InnerLoop, ReadonlyMap<number, number>>();
  readonly #uses: ReadonlyMap<Node, Use>;
  /** Nodes that must be there as a whole. */
  readonly #whole: ReadonlySet<Node>;

  constructor(uses: ReadonlyMap<Node, Use>, whole: ReadonlySet<Node>) {
    this.#uses = uses;
    this.#whole = whole;
  }

  /** The buffer of a node; its nest is computed now, if it has not been. */
  bufferOf(node: Node): number {
    const known = this.#numbers.get(node);
    if (known !== undefined) return known;
    if (node.source.form === "result") {
      const { loop, index } = node.source;
      const buffer = this.#resultsOf(loop).get(index) ?? 0;
      this.#numbers.set(node, buffer);
      return buffer;
    }
    const nest = isNest(node) ? this.#fused(node) : undefined;
    const buffer = this.#buffer(node);
    this.#numbers.set(node, buffer);
    if (nest !== undefined) this.parts.push({ ...nest, target: buffer });
    return buffer;
  }

  #buffer(node: Node): number {
    this.buffers.push(node);
    return this.buffers.length - 1;
  }

  /** The buffers of a loop's results, by their numbers; the loop is computed now, if it has not been. */
  #resultsOf(loop: InnerLoop): ReadonlyMap<number, number> {
    const known = this.#loops.get(loop);
    if (known !== undefined) return known;
    const { graph, body, used } = loop;
    const operands = loop.operands.map((operand) => this.bufferOf(operand));
    const indices = [...body.results.keys()].filter((index) => used.has(index));
    const found = new Map(
      indices.map((index) => {
        const { shape, dtype } = elementAt(body.results, index);
        const overSteps = index < graph.states.length ? shape : [graph.length, ...shape];
        return [index, this.#buffer({ shape: overSteps, dtype, source: { form: "result", loop, index } })];
      }),
    );
    this.#loops.set(loop, found);
    const needed = { nodes: body.nodes, results: indices.map((index) => elementAt(body.results, index)) };
    this.parts.push({ loop, operands, body: fuse(needed), targets: [...found.values()] });
    return found;
  }

  #fused(node: NestNode): Nest {
    const { nest, operands } = node.source;
    const size = sizeOf(node.shape);
    const joined = new Map<Node, { readonly at: readonly Index[]; readonly value: Expression }[]>();
    const readOf = (operand: Node, indices: readonly Index[]): Expression => {
      const before = joined.get(operand) ?? [];
      const same = before.find(({ at: other }) =>
        other.every((index, axis) => sameIndex(index, indices[axis] ?? constantIndex(-1))),
      );
      if (same !== undefined) return same.value;
      const value = this.#joins(operand, indices, size)
        ? into(
            operand,
            operand.source.nest.value,
            new Map(operand.source.nest.axes.map((axis, index) => [axis, elementAt(indices, index)])),
          )
        : this.#read(operand, indices);
      joined.set(operand, [...before, { at: indices, value }]);
      return value;
    };
    const into = (from: NestNode, expression: Expression, axes: Map<Axis, Index>): Expression => {
      const known = new Map<Expression, Expression>();
      const indexOf = (index: Index): Index => substituted(index, axes, (value) => inner(value));
      const inner = (each: Expression): Expression =>
        rebuilt(
          each,
          known,
          (read) => readOf(elementAt(from.source.operands, read.operand), read.at),
          indexOf,
          (old) =>
            old.map((axis) => {
              const fresh = axisOf(axis.size);
              axes.set(axis, at(fresh));
              return fresh;
            }),
        );
      return inner(expression);
    };
    const value = into(node, nest.value, new Map());
    if (nest.onto === undefined) return { ...nest, value };
    const { onto } = nest;
    // Operands of additions are read in their places. What is used twice stays one expression.
    const known = new Map<Expression, Expression>();
    const asBuffers = (expression: Expression): Expression =>
      rebuilt(
        expression,
        known,
        (read) => this.#read(elementAt(operands, read.operand), read.at),
        placed,
        (axes) => axes,
      );
    const placed = (index: Index): Index => substituted(index, new Map(), asBuffers);
    return { ...nest, value, onto: { ...onto, at: onto.at.map(placed), value: asBuffers(onto.value) } };
  }

  #joins(node: Node, indices: readonly Index[], size: number): node is NestNode {
    const use = this.#uses.get(node);
    if (use === undefined || this.#whole.has(node) || this.#numbers.has(node) || !mayJoin(node, use)) return false;
    if (isFree(node)) return use.reads <= sizeOf(node.shape) || (isNest(node) && movesPlainly(node, indices));
    return size <= mostDivided || indices.every(isPlain);
  }

  #read(node: Node, indices: readonly Index[]): Expression {
    const kinds: Readonly<Record<DType, "f32" | "i64" | "i32" | "bool">> = {
      float32: "f32",
      int64: "i64",
      int32: "i32",
      uint8: "i32",
      bool: "bool",
    };
    return { form: "read", kind: kinds[node.dtype], operand: this.bufferOf(node), at: [place(node.shape, indices)] };
  }
}
