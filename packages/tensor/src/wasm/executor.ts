/** Loops over minibatches on WebAssembly: see `compile.ts`. */
import { Latest } from "@ml-mosaic/base";
import { platform } from "#platform";
import { bytesPerElement, type TypedArray } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import type { Executable, LoopGraph, NamedFeed } from "../program/loop.ts";
import { loopKey } from "../program/loop-key.ts";
import { outsideAxis } from "../runtime/outside-axis.ts";
import { aligned, type CompiledLoop, compileLoopGraph } from "./compile.ts";
import { failureAt } from "./emit-value.ts";
import { type Heap, heapOf } from "./heap.ts";
import { pageBytes } from "./module.ts";
import { stepsUntilSettled } from "./settle.ts";
import { type Memory, webAssembly } from "./webassembly.ts";

interface Compiled extends CompiledLoop {
  readonly module: object;
  /** Whose programs are released: making another takes longer than a step. */
  readonly idle: Instance[];
}

interface Instance {
  readonly memory: Memory;
  readonly heap: Heap;
  readonly run: (...values: number[]) => unknown;
  readonly settle: () => unknown;
}

/** Of a module so many wait for the next program, and none that has grown larger. */
const mostIdle = 4;
const mostIdleBytes = 2 ** 20;

/** Modules of the latest loops, which differ in their values alone from those that are compiled next. */
const modules = new Latest<Compiled>(64);

const noFailure = new BigInt64Array(2);

/** Addresses have 32 bits. */
const mostBytes = 2 ** 32;

function compiled(graph: LoopGraph): Compiled {
  return modules.for(loopKey(graph), () => moduleOf(compileLoopGraph(graph)));
}

function moduleOf(loop: CompiledLoop): Compiled {
  if (loop.end > mostBytes) throw tooLarge(loop.end);
  return { ...loop, module: new webAssembly.Module(loop.bytes), idle: [] };
}

function instanceOf({ module, idle, end }: Compiled): Instance {
  const waiting = idle.pop();
  if (waiting !== undefined) return waiting;
  const { memory, run, settle } = instantiated(module, end).exports;
  if (!(memory instanceof webAssembly.Memory) || typeof run !== "function" || typeof settle !== "function")
    throw new TensorError("TENSOR_RUNTIME", "the module does not export memory, run and settle");
  return { memory, heap: heapOf(memory), run: (...values) => run(...values), settle: () => settle() };
}

function instantiated(module: object, bytes: number): InstanceType<typeof webAssembly.Instance> {
  try {
    return new webAssembly.Instance(module);
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(bytes, error);
    throw error;
  }
}

/** What a run leaves inside for the next one. */
interface Inside {
  /** The value of what is carried, by its number: copied when it is first asked for. */
  last(index: number): TypedArray | undefined;
  /** Copies what nobody has asked for. */
  save(): void;
  /** Arrays that the values may be written to. */
  readonly into: readonly TypedArray[];
}

/** Apart from the run, whose arrays it does not hold. */
function insideOf({ carried }: LoopGraph, { places }: CompiledLoop, heap: Heap, into: readonly TypedArray[]): Inside {
  const seen: TypedArray[] = [];
  const last = (index: number) => {
    const entry = carried[index];
    if (entry === undefined) return undefined;
    const { numel, dtype } = entry.tensor;
    const array = seen[index] ?? heap.copy(places.get(entry.name) ?? 0, dtype, numel, into[index]);
    seen[index] = array;
    return array;
  };
  return {
    into,
    last,
    save() {
      for (const index of carried.keys()) last(index);
    },
  };
}

/** @throws TensorError if an op of the loop has no loops of its own */
export async function compileWasm(graph: LoopGraph): Promise<Executable> {
  const found = compiled(graph);
  const { places, told, advances, end } = found;
  let instance: Instance | undefined = instanceOf(found);
  let inside: Inside | undefined;
  const { carried, results } = graph;
  return {
    keeps: true,
    async run({ fixed, carried: state, perStep, steps, firstStep = 0, overwrite = false, goesOn = false }) {
      // Nothing is waited for before the steps are done: meanwhile another run could take the place of what this one goes on from.
      if (instance === undefined) throw new TensorError("TENSOR_RUNTIME", `${graph.name}: the program was released`);
      const { memory, heap, run, settle } = instance;
      // What is not given away may be looked at later.
      if (!(goesOn && overwrite)) inside?.save();
      const into = !overwrite ? [] : goesOn ? (inside?.into ?? []) : state.map(({ data }) => data);
      inside = undefined;
      const feeds = new Map([...fixed, ...state, ...perStep].map((feed) => [feed.name, feed]));
      let free = end;
      const argumentsOf = told.map((name) => {
        const address = free;
        free = aligned(free + bytesOf(name, feeds, graph, steps));
        return address;
      });
      grow(memory, free);
      const put = (address: number, feed: NamedFeed | undefined) => feed && heap.put(address, feed.data);
      for (const [name, address] of places) put(address, feeds.get(name));
      for (const [index, name] of told.entries())
        if (typeof name === "string") put(elementAt(argumentsOf, index), feeds.get(name));
      heap.put(failureAt, noFailure);
      try {
        for (let done = 0; done < steps; ) {
          const count = Math.min(steps - done, stepsUntilSettled - ((firstStep + done) % stepsUntilSettled));
          run(count, ...argumentsOf.map((address, index) => address + done * elementAt(advances, index)));
          done += count;
          if ((firstStep + done) % stepsUntilSettled === 0) settle();
        }
      } catch (error) {
        const [value, size] = new BigInt64Array(memory.buffer, failureAt, 2);
        if (!(error instanceof webAssembly.RuntimeError) || value === undefined || size === undefined || size === 0n)
          throw error;
        throw outsideAxis(Number(value), Number(size) - 1, error);
      }
      const collected = results.slice(carried.length).map(({ dtype, numel }, index) => {
        const address = elementAt(argumentsOf, told.indexOf(index));
        return heap.copy(address, dtype, numel * steps);
      });
      inside = insideOf(graph, found, heap, into);
      const { last } = inside;
      await turn();
      return (index) => (index < carried.length ? last(index) : collected[index - carried.length]);
    },
    release() {
      inside?.save();
      inside = undefined;
      const idle = instance;
      instance = undefined;
      if (idle !== undefined && idle.memory.buffer.byteLength <= mostIdleBytes && found.idle.length < mostIdle)
        found.idle.push(idle);
    },
  };
}

/** When whoever waits for signals or timers last got a turn: it takes longer than a step of a small network. */
let lastTurn = 0;
const longestWithoutTurn = 4;

async function turn(): Promise<void> {
  if (performance.now() - lastTurn < longestWithoutTurn) return;
  await platform.turn();
  lastTurn = performance.now();
}

function bytesOf(
  name: string | number,
  feeds: ReadonlyMap<string, NamedFeed>,
  { carried, results }: LoopGraph,
  steps: number,
): number {
  if (typeof name === "string") return feeds.get(name)?.data.byteLength ?? 0;
  const { numel, dtype } = elementAt(results, carried.length + name);
  return steps * numel * bytesPerElement[dtype];
}

function grow(memory: Memory, bytes: number): void {
  const missing = Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes;
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (error) {
    throw tooLarge(bytes, error);
  }
}

function tooLarge(bytes: number, cause?: unknown): TensorError {
  const what = `this program needs ${Math.ceil(bytes / 2 ** 20)} MB, and`;
  const why = bytes > mostBytes ? "the executor wasm has room for 4096" : "there is not so much";
  return new TensorError("TENSOR_RUNTIME", `${what} ${why}. Take the executor onnx`, { cause });
}
