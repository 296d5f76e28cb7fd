/**
 * A loop over minibatches as one module of WebAssembly: the step is a function of its own, which another calls for every
 * step. (V8 optimises a function only between its calls, so that steps must not stand in the loop itself.)
 *
 * Memory is planned here. At fixed places lie what enters with a known size, the state that steps change, and what is computed
 * on the way, which shares places with what is not needed any more. Behind them, where it is told at each call, lies what has as
 * many elements as a run has samples or steps.
 */
import { bytesPerElement } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import type { LoopGraph, LoopInput } from "../program/loop.ts";
import { sizeOf } from "../shape.ts";
import { indicesOf, operandsOf } from "./analysis.ts";
import { emitNest, type PlacedNest } from "./emit-nest.ts";
import { type Buffer, ValueEmitter } from "./emit-value.ts";
import { FunctionTable, firstFree, tableSegments } from "./function-table.ts";
import { type Fused, fuse } from "./fusion.ts";
import { at, axisOf, sameIndex } from "./indices.ts";
import { type Expression, kindOf, place } from "./loops.ts";
import { FunctionBody, ModuleBuilder, nothing, pageBytes, type Segment } from "./module.ts";
import { type Node, nodesOf } from "./nodes.ts";

export interface CompiledLoop {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where what enters with a known size lies, by name. */
  readonly places: ReadonlyMap<string, number>;
  /** Names of what lies where each call says, in the order of its arguments: entries, then what is collected, by its number. */
  readonly told: readonly (string | number)[];
  /** The first byte that is free for that. */
  readonly end: number;
}

/** All addresses are multiples of this. */
const alignment = 16;

export function aligned(address: number): number {
  return Math.ceil(address / alignment) * alignment;
}

/** @throws TensorError if an op has no loops */
export function compileLoopGraph(graph: LoopGraph): CompiledLoop {
  const { fixed, carried, perStep, results } = graph;
  const fused = fuse(nodesOf(graph));
  const collected = results.slice(carried.length).map((_, index) => index);
  const told: (string | number)[] = [
    ...[...fixed.filter(({ isOpen }) => isOpen), ...perStep].map(({ name }) => name),
    ...collected,
  ];
  const places = new Map<string, number>();
  let end = firstFree;
  const placed = (bytes: number) => {
    const address = end;
    end = aligned(address + bytes);
    return address;
  };
  for (const { name, tensor } of [...fixed.filter(({ isOpen }) => !isOpen), ...carried])
    places.set(name, placed(tensor.numel * bytesPerElement[tensor.dtype]));
  const segments: Segment[] = [...tableSegments];
  const bases = fused.buffers.map(({ source }): Buffer["base"] | undefined => {
    if (source.form === "nest") return undefined;
    if (source.form === "constant") {
      const { data } = source;
      const address = placed(data.byteLength);
      segments.push({ at: address, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
      return { at: address };
    }
    const address = places.get(source.entry);
    return address === undefined ? { parameter: told.indexOf(source.entry) } : { at: address };
  });
  const copies = assignResults(fused, carried, bases, places, told.length - collected.length);
  const nests = [...fused.nests, ...copies.nests];
  end = planArena(nests, bases, end);
  const buffers = [...fused.buffers, ...copies.buffers].map(({ dtype }, index): Buffer => {
    const base = bases[index];
    if (base === undefined) throw new RangeError(`buffer ${index} has no place`);
    return { dtype, base };
  });
  const module = new ModuleBuilder();
  const functions = new FunctionTable(module);
  const parameters = told.map(() => "i32" as const);
  const step = module.declare();
  const stepBody = new FunctionBody({ parameters, results: [] });
  const emitter = new ValueEmitter(stepBody, functions, buffers);
  for (const nest of nests) emitNest(emitter, nest);
  module.define(step, stepBody);
  const run = module.declare();
  module.define(run, runBody(step, advances(graph, told)));
  return { bytes: module.encode({ run }, Math.ceil(end / pageBytes), segments), places, told, end };
}

/** By how many bytes each argument is further on in the next step. */
function advances({ carried, perStep, results }: LoopGraph, told: readonly (string | number)[]): readonly number[] {
  return told.map((name) => {
    const tensor =
      typeof name === "number"
        ? elementAt(results, carried.length + name)
        : perStep.find((entry) => entry.name === name)?.tensor;
    return tensor === undefined ? 0 : tensor.numel * bytesPerElement[tensor.dtype];
  });
}

/** Calls the step so often as its first parameter says. */
function runBody(step: number, advance: readonly number[]): FunctionBody {
  const body = new FunctionBody({ parameters: ["i32", ...advance.map(() => "i32" as const)], results: [] });
  body.add("loop", nothing);
  for (const index of advance.keys()) body.add("local.get", index + 1);
  body.add("call", step);
  for (const [index, bytes] of advance.entries())
    if (bytes > 0)
      body
        .add("local.get", index + 1)
        .whole("i32", bytes)
        .add("i32.add")
        .add("local.set", index + 1);
  body.add("local.get", 0).whole("i32", 1).add("i32.sub").add("local.tee", 0).add("br_if", 0).add("end");
  return body;
}

/**
 * Says where the results of a step go. What is collected is computed in its place; what is carried is so too, if no later nest
 * and no result needs the value before and its own reads each element in the place of the new one only. The rest is copied there
 * at last.
 */
function assignResults(
  { nests, buffers, results }: Fused,
  carried: readonly LoopInput[],
  bases: (Buffer["base"] | undefined)[],
  places: ReadonlyMap<string, number>,
  firstCollected: number,
): { readonly nests: readonly PlacedNest[]; readonly buffers: readonly Node[] } {
  const added: { readonly nest: PlacedNest; readonly node: Node }[] = [];
  const copyTo = (base: Buffer["base"], from: number) => {
    const node = elementAt(buffers, from);
    const target = bases.push(base) - 1;
    added.push({ node, nest: copyOf(node, from, target) });
  };
  const pending: (() => void)[] = [];
  for (const [index, buffer] of results.entries()) {
    const node = elementAt(buffers, buffer);
    const entry = carried[index];
    if (entry === undefined) {
      const base = { parameter: firstCollected + index - carried.length };
      if (bases[buffer] === undefined) bases[buffer] = base;
      else copyTo(base, buffer);
      continue;
    }
    const base = { at: places.get(entry.name) ?? 0 };
    const isItself = node.source.form === "entry" && node.source.entry === entry.name;
    if (isItself) continue;
    const before = buffers.findIndex(({ source }) => source.form === "entry" && source.entry === entry.name);
    // A result that is the value before is copied after all nests.
    const isCopied = results.includes(before);
    if (bases[buffer] === undefined && !isCopied && mayReplace(nests, buffer, before)) bases[buffer] = base;
    else if (node.source.form === "entry") {
      // What another entry was before the step must be read before that changes.
      const kept = bases.push(undefined) - 1;
      added.push({ node, nest: copyOf(node, buffer, kept) });
      pending.push(() => copyFrom(kept, node, base));
    } else pending.push(() => copyTo(base, buffer));
  }
  const copyFrom = (from: number, node: Node, base: Buffer["base"]) => {
    const target = bases.push(base) - 1;
    added.push({ node, nest: copyOf(node, from, target) });
  };
  for (const copy of pending) copy();
  return { nests: added.map(({ nest }) => nest), buffers: added.map(({ node }) => node) };
}

function copyOf({ shape, dtype }: Node, from: number, target: number): PlacedNest {
  const size = sizeOf(shape);
  const axis = axisOf(size);
  const value: Expression = { form: "read", kind: kindOf(dtype), operand: from, at: [at(axis)] };
  return { shape: [size], dtype, axes: [axis], value, target };
}

function mayReplace(nests: readonly PlacedNest[], buffer: number, before: number): boolean {
  const own = nests.findIndex(({ target }) => target === buffer);
  const nest = nests[own];
  if (nest === undefined || nest.onto !== undefined) return before < 0 && nest !== undefined;
  const here = place(nest.shape, nest.axes.map(at));
  const isLaterRead = nests.slice(own + 1).some((later) => readsOf(later).some(({ operand }) => operand === before));
  const isElsewhere = readsOf(nest).some(({ operand, index }) => operand === before && !sameIndex(index, here));
  return !isLaterRead && !isElsewhere;
}

interface Read {
  readonly operand: number;
  readonly index: Parameters<typeof sameIndex>[0];
}

function readsOf({ value, onto }: PlacedNest): readonly Read[] {
  const reads: Read[] = [];
  const seen = new Set<Expression>();
  const visitIndex = (index: Read["index"]): void => {
    for (const { term } of index.terms) {
      if (term.form === "value") visit(term.value);
      else if (term.form !== "axis") visitIndex(term.of);
    }
  };
  const visit = (expression: Expression): void => {
    if (seen.has(expression)) return;
    seen.add(expression);
    if (expression.form === "read") reads.push({ operand: expression.operand, index: elementAt(expression.at, 0) });
    for (const index of indicesOf(expression)) visitIndex(index);
    for (const operand of operandsOf(expression)) visit(operand);
  };
  visit(value);
  if (onto !== undefined) {
    visit(onto.value);
    for (const index of onto.at) visitIndex(index);
  }
  return reads;
}

/** Gives places to what is computed on the way, each the first that is free while it is needed; returns where they end. */
function planArena(nests: readonly PlacedNest[], bases: (Buffer["base"] | undefined)[], begin: number): number {
  const lastReads = new Map<number, number>();
  for (const [position, nest] of nests.entries()) {
    lastReads.set(nest.target, Math.max(position, lastReads.get(nest.target) ?? 0));
    for (const { operand } of readsOf(nest)) lastReads.set(operand, position);
  }
  let end = begin;
  let live: { readonly from: number; readonly to: number; readonly until: number }[] = [];
  for (const [position, { target, shape, dtype }] of nests.entries()) {
    live = live.filter(({ until }) => until >= position);
    if (bases[target] !== undefined) continue;
    const bytes = aligned(Math.max(1, sizeOf(shape)) * bytesPerElement[dtype]);
    let from = begin;
    for (const other of live.toSorted((a, b) => a.from - b.from)) {
      if (from + bytes <= other.from) break;
      from = Math.max(from, other.to);
    }
    bases[target] = { at: from };
    live.push({ from, to: from + bytes, until: lastReads.get(target) ?? position });
    end = Math.max(end, from + bytes);
  }
  return end;
}
