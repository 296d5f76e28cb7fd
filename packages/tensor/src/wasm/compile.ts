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
import type { TensorType } from "../ops/op.ts";
import type { LoopGraph } from "../program/loop.ts";
import { sizeOf } from "../shape.ts";
import { indicesOf, operandsOf } from "./analysis.ts";
import { emitNest, type PlacedNest } from "./emit-nest.ts";
import { type Buffer, Emitter } from "./emitter.ts";
import { FunctionTable, firstFree, tableSegments } from "./function-table.ts";
import { type Fused, fuse, type PlacedLoop } from "./fusion.ts";
import { at, axisOf, constantIndex, sameIndex } from "./indices.ts";
import { type Expression, kindOf, place } from "./loops.ts";
import { FunctionBody, ModuleBuilder, nothing, pageBytes, type Segment } from "./module.ts";
import { type Node, nodesOf, operandName, requireLoops } from "./nodes.ts";
import { settleBody } from "./settle.ts";

export interface CompiledLoop {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where what enters with a known size lies, by name. */
  readonly places: ReadonlyMap<string, number>;
  /** Names of what lies where each call says, in the order of its arguments: entries, then what is collected, by its number. */
  readonly told: readonly (string | number)[];
  /** By how much each of these is further on in the next step. */
  readonly advances: readonly number[];
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
  const nodes = nodesOf(graph);
  requireLoops(nodes);
  const fused = fuse(nodes);
  const collected = results.slice(carried.length).map((_, index) => index);
  const told: (string | number)[] = [
    ...[...fixed.filter(({ isOpen }) => isOpen), ...perStep].map(({ name }) => name),
    ...collected,
  ];
  const program = new Program();
  const places = new Map<string, number>();
  for (const { name, tensor } of [...fixed.filter(({ isOpen }) => !isOpen), ...carried])
    places.set(name, program.placed(tensor.numel * bytesPerElement[tensor.dtype]));
  const step = program.step(fused, {
    parameters: told.length,
    entries: (name) => {
      const at = places.get(name);
      return at === undefined ? { parameter: told.indexOf(name) } : { at };
    },
    carried: carried.map(({ name }) => name),
    collected: collected.map((index) => ({ parameter: told.indexOf(index) })),
  });
  const advances = advancesOf(graph, told);
  const exported = { run: program.repeated(step, advances), settle: program.settling(graph, places) };
  return { bytes: program.encode(exported), places, told, advances, end: program.end };
}

type Base = Buffer["base"];

/** Where what a step needs and makes lies. */
interface StepPlaces {
  /** How many addresses the step is told. */
  readonly parameters: number;
  readonly entries: (name: string) => Base;
  /** The entries that the first results take the places of. */
  readonly carried: readonly string[];
  /** The places of the others. */
  readonly collected: readonly Base[];
}

/** The functions of a module and its memory, while both are made. */
class Program {
  /** The first byte that nothing has been given. */
  end = firstFree;
  readonly #module = new ModuleBuilder();
  readonly #functions = new FunctionTable(this.#module);
  readonly #segments: Segment[] = [...tableSegments];

  placed(bytes: number): number {
    const address = this.end;
    this.end = aligned(address + bytes);
    return address;
  }

  encode(exported: Readonly<Record<string, number>>): Uint8Array<ArrayBuffer> {
    return this.#module.encode(exported, Math.ceil(this.end / pageBytes), this.#segments);
  }

  /** The function that computes a step once. */
  step(fused: Fused, places: StepPlaces): number {
    const bases = fused.buffers.map(({ source }) => {
      if (source.form === "entry") return places.entries(source.entry);
      if (source.form !== "constant") return undefined;
      const { data } = source;
      const address = this.placed(data.byteLength);
      this.#segments.push({ at: address, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
      return { at: address };
    });
    const copies = assignResults(fused, places, bases);
    const parts = [...fused.parts, ...copies.nests];
    const nodes = [...fused.buffers, ...copies.buffers];
    this.end = planArena(parts, nodes, bases, this.end);
    const buffers = nodes.map(({ dtype }, index): Buffer => {
      const base = bases[index];
      if (base === undefined) throw new RangeError(`buffer ${index} has no place`);
      return { dtype, base };
    });
    const step = this.#module.declare();
    const parameters = Array.from({ length: places.parameters }, () => "i32" as const);
    const body = new FunctionBody({ parameters, results: [] });
    const emitter = new Emitter(body, this.#functions, buffers);
    for (const part of parts) {
      if ("loop" in part) this.#loop(part, emitter);
      else emitNest(emitter, part);
    }
    this.#module.define(step, body);
    return step;
  }

  /** A loop inside of a step: a step of its own, which is told where its slices are, and where to put what is kept. */
  #loop({ loop, operands, body, targets }: PlacedLoop, emitter: Emitter): void {
    const { graph } = loop;
    const { states, slices, length, reverse } = graph;
    const told: { readonly from: Base; readonly offset: number; readonly advance: number }[] = [];
    const inside = (buffer: number, advance = 0): Base => {
      const { base } = elementAt(emitter.buffers, buffer);
      if (advance === 0 && "at" in base) return base;
      told.push({ from: base, offset: reverse ? (length - 1) * advance : 0, advance: reverse ? -advance : advance });
      return { parameter: told.length - 1 };
    };
    const bytesOf = ({ shape, dtype }: TensorType) => sizeOf(shape) * bytesPerElement[dtype];
    const stateTargets = targets.slice(0, states.length);
    const firstCaptured = states.length + slices.length;
    const entries = new Map<string, Base>();
    for (const [index, operand] of operands.entries()) {
      const slice = slices[index - states.length];
      const target = stateTargets[index];
      if (target !== undefined) emitNest(emitter, copyOf(elementAt(loop.operands, index), operand, target));
      const base =
        index < firstCaptured && slice !== undefined ? inside(operand, bytesOf(slice)) : inside(target ?? operand);
      entries.set(operandName(index), base);
    }
    if (length === 0) return;
    const collected = body.results.slice(states.length).map((result, index) =>
      // Of one step: the target has them all.
      inside(elementAt(targets, states.length + index), bytesOf(elementAt(body.buffers, result))),
    );
    const step = this.step(body, {
      parameters: told.length,
      entries: (name) => {
        const base = entries.get(name);
        if (base === undefined) throw new RangeError(`${name} does not enter the loop`);
        return base;
      },
      carried: stateTargets.map((_, index) => operandName(index)),
      collected,
    });
    const run = this.repeated(
      step,
      told.map(({ advance }) => advance),
    );
    emitter.body.whole("i32", length);
    for (const { from, offset } of told) {
      if ("at" in from) emitter.body.whole("i32", from.at + offset);
      else emitter.body.add("local.get", from.parameter).whole("i32", offset).add("i32.add");
    }
    emitter.body.add("call", run);
  }

  settling(graph: LoopGraph, places: ReadonlyMap<string, number>): number {
    const settle = this.#module.declare();
    this.#module.define(settle, settleBody(graph, places, this.#functions));
    return settle;
  }

  /** The function that computes a step so often as its first parameter says. @param advance by how much each address moves on */
  repeated(step: number, advance: readonly number[]): number {
    const run = this.#module.declare();
    this.#module.define(run, runBody(step, advance));
    return run;
  }
}

/** By how many bytes each argument is further on in the next step. */
function advancesOf({ carried, perStep, results }: LoopGraph, told: readonly (string | number)[]): readonly number[] {
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
    if (bytes !== 0)
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
  { parts, buffers, results }: Fused,
  { entries, carried, collected }: StepPlaces,
  bases: (Base | undefined)[],
): { readonly nests: readonly PlacedNest[]; readonly buffers: readonly Node[] } {
  const added: { readonly nest: PlacedNest; readonly node: Node }[] = [];
  const copyTo = (base: Base, from: number) => {
    const node = elementAt(buffers, from);
    const target = bases.push(base) - 1;
    added.push({ node, nest: copyOf(node, from, target) });
  };
  const pending: (() => void)[] = [];
  for (const [index, buffer] of results.entries()) {
    const node = elementAt(buffers, buffer);
    const entry = carried[index];
    if (entry === undefined) {
      const base = elementAt(collected, index - carried.length);
      if (bases[buffer] === undefined) bases[buffer] = base;
      else copyTo(base, buffer);
      continue;
    }
    const base = entries(entry);
    const isItself = node.source.form === "entry" && node.source.entry === entry;
    if (isItself) continue;
    const before = buffers.findIndex(({ source }) => source.form === "entry" && source.entry === entry);
    // A result that is the value before is copied after all nests.
    const isCopied = results.includes(before);
    if (bases[buffer] === undefined && !isCopied && mayReplace(parts, buffer, before)) bases[buffer] = base;
    else if (node.source.form === "entry") {
      // What another entry was before the step must be read before that changes.
      const kept = bases.push(undefined) - 1;
      added.push({ node, nest: copyOf(node, buffer, kept) });
      pending.push(() => copyFrom(kept, node, base));
    } else pending.push(() => copyTo(base, buffer));
  }
  const copyFrom = (from: number, node: Node, base: Base) => {
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

type Parts = Fused["parts"];

function targetsOf(part: Parts[number]): readonly number[] {
  return "loop" in part ? part.targets : [part.target];
}

function mayReplace(parts: Parts, buffer: number, before: number): boolean {
  const own = parts.findIndex((part) => targetsOf(part).includes(buffer));
  const part = parts[own];
  if (part === undefined) return false;
  if ("loop" in part || part.onto !== undefined) return before < 0;
  const here = place(part.shape, part.axes.map(at));
  const isLaterRead = parts.slice(own + 1).some((later) => readsOf(later).some(({ operand }) => operand === before));
  const isElsewhere = readsOf(part).some(({ operand, index }) => operand === before && !sameIndex(index, here));
  return !isLaterRead && !isElsewhere;
}

interface Read {
  readonly operand: number;
  readonly index: Parameters<typeof sameIndex>[0];
}

const elsewhere = constantIndex(-1);

function readsOf(part: Parts[number]): readonly Read[] {
  if ("loop" in part) return part.operands.map((operand) => ({ operand, index: elsewhere }));
  const { value, onto } = part;
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
function planArena(parts: Parts, nodes: readonly TensorType[], bases: (Base | undefined)[], begin: number): number {
  const lastReads = new Map<number, number>();
  for (const [position, part] of parts.entries()) {
    for (const target of targetsOf(part)) lastReads.set(target, Math.max(position, lastReads.get(target) ?? 0));
    for (const { operand } of readsOf(part)) lastReads.set(operand, position);
  }
  let end = begin;
  let live: { readonly from: number; readonly to: number; readonly until: number }[] = [];
  for (const [position, part] of parts.entries()) {
    live = live.filter(({ until }) => until >= position);
    for (const target of targetsOf(part)) {
      if (bases[target] !== undefined) continue;
      const { shape, dtype } = elementAt(nodes, target);
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
  }
  return end;
}
