import { messageOf, sha256 } from "@ml-mosaic/base";
import { platform } from "#platform";
import { type DType, holds, type TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { negativeShift } from "../ops/indexing.ts";
import type { Shape } from "../shape.ts";
import { type Device, deviceRemedy, executionProvider, parseDevice } from "./device.ts";
import { outsideAxis } from "./outside-axis.ts";
import { isEnd } from "./uncopied.ts";

/** A tensor at the border to ONNX Runtime. */
export interface Feed {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor in the memory of a device, from one run to another. Takes that memory until it is released. */
export interface Resident {
  readonly tensor: OrtTensor;
  release(): void;
}

export type Feeds = Readonly<Record<string, Feed | Resident>>;

export interface SessionOptions {
  readonly device?: Device | undefined;
  /** Threads that share the work of a kernel. */
  readonly threads?: number | undefined;
  /** How many nodes the graph has, where these may be many. */
  readonly nodes?: number | undefined;
  /** Outputs that stay on the device, for `runResident`: with WebGPU alone. */
  readonly resident?: readonly string[];
}

/** A compiled model, ready to run until it is released. */
export interface Session {
  /** @param into where outputs are to be written; the others get new arrays */
  run(feeds: Feeds, into?: Readonly<Record<string, Feed>>): Promise<Readonly<Record<string, TypedArray>>>;
  /**
   * Runs one after the other, all or none once they have begun, of a model with `addUncopied`: everything is written to `into`. What
   * a run feeds is asked for when the one before has ended.
   */
  runEach(runs: Iterable<{ readonly feeds: Feeds; readonly into: Readonly<Record<string, Feed>> }>): Promise<void>;
  /** As `run`, of a session with outputs that stay on the device. */
  runResident(feeds: Feeds): Promise<{
    readonly arrays: Readonly<Record<string, TypedArray>>;
    readonly resident: Readonly<Record<string, Resident>>;
  }>;
  /** Gives the model back once what runs has finished; nothing can be started afterwards. */
  release(): void;
}

type Ort = typeof import("onnxruntime-node");
type OrtSession = Awaited<ReturnType<Ort["InferenceSession"]["create"]>>;
type OrtTensor = InstanceType<Ort["Tensor"]>;

let runtime: Promise<Ort> | undefined;

/** ONNX Runtime is loaded with the first computation: it takes a quarter of a second and tens of megabytes. */
async function loadRuntime(): Promise<Ort> {
  if (platform.onnxRuntime === undefined)
    throw new TensorError("TENSOR_RUNTIME", "there is no ONNX Runtime here; take the executor wasm");
  runtime ??= platform.onnxRuntime();
  return runtime;
}

interface Compiled {
  readonly session: Promise<OrtSession>;
  /** Bound of the native memory that it holds on to. */
  readonly bytes: number;
  users: number;
}

/**
 * Compiled models by content: the same program for another repetition costs nothing. Of those that nobody uses, only
 * the latest are kept, as many as take little memory: a session keeps the most that it ever needed.
 */
const cache = new Map<string, Compiled>();
const maxUnused = 32;
const maxUnusedBytes = 128 * 2 ** 20;
/**
 * Graphs of more nodes are executed as they are written: what ONNX Runtime takes to optimize one grows with its square.
 * A recurrence that is unrolled over 500 steps, 8,000 nodes, compiles in 2.0 s instead of 6.6, and takes as long for a step.
 */
const mostOptimized = 4000;

/**
 * Compiles a model, or finds it compiled.
 *
 * @param bytes bound of the memory that running it takes
 */
export async function createSession(model: Uint8Array, bytes: number, options: SessionOptions = {}): Promise<Session> {
  const ort = await loadRuntime();
  const { threads = 1, resident = [], nodes = 0 } = options;
  const device = parseDevice(options.device ?? "cpu");
  const key = [device, threads, ...resident, sha256([model]).join()].join(" ");
  const entry = cache.get(key) ?? { session: compile(model, { device, threads, resident, nodes }), bytes, users: 0 };
  entry.users++;
  // Moved to the end: the map's order is that of the last use.
  cache.delete(key);
  cache.set(key, entry);
  const session = await entry.session.catch((error: unknown) => {
    // Another caller may have started over already: take away what failed, nothing else.
    if (cache.get(key) === entry) cache.delete(key);
    throw error;
  });
  let released = false;
  let running = 0;
  const leave = () => {
    if (!released || running > 0) return;
    entry.users--;
    evict();
  };
  const inUse = async <T>(use: () => Promise<T>): Promise<T> => {
    if (released) throw new TensorError("TENSOR_RUNTIME", "this program was released; compile it again");
    running++;
    try {
      return await use();
    } catch (error) {
      throw error instanceof TensorError ? error : failureOf(error);
    } finally {
      running--;
      leave();
    }
  };
  return {
    run: (feeds, into = {}) => inUse(() => run(ort, session, feeds, into)),
    runEach: (runs) =>
      inUse(async () => {
        for (const { feeds, into } of runs) await runUncopied(ort, session, feeds, into);
      }),
    runResident: (feeds) => inUse(() => runResident(ort, session, feeds)),
    release() {
      if (released) return;
      released = true;
      leave();
    },
  };
}

/** How kernels say that there is no element of an index. */
const outsideAxisWords = [
  /idx=(?<index>-?\d+) must be within the inclusive range \[-?\d+,(?<last>-?\d+)\]/,
  /indice found, indice = (?<index>-?\d+)/,
  /(?<kernel>GatherElements) op: Out of range value in index tensor/,
];

/** What an error of ONNX Runtime means. */
function failureOf(cause: unknown): TensorError {
  const message = messageOf(cause);
  const outside = outsideAxisWords.map((words) => words.exec(message)?.groups).find((found) => found !== undefined);
  if (outside === undefined) return new TensorError("TENSOR_RUNTIME", `ONNX Runtime failed: ${message}`, { cause });
  const { index, last } = outside;
  const moved = index === undefined ? 0 : Number(index);
  // See `fromStart`.
  const value = moved < -negativeShift ? moved + negativeShift : moved;
  return outsideAxis(index === undefined ? undefined : value, last === undefined ? undefined : Number(last), cause);
}

function evict(): void {
  const unused = [...cache].filter(([, { users }]) => users === 0).toReversed();
  let total = 0;
  for (const [index, [key, { session, bytes }]] of unused.entries()) {
    total += bytes;
    if (index < maxUnused && total <= maxUnusedBytes) continue;
    cache.delete(key);
    session.then(
      (ready) => ready.release(),
      () => undefined,
    );
  }
}

async function compile(
  model: Uint8Array,
  {
    device,
    threads,
    resident,
    nodes,
  }: {
    readonly device: Device;
    readonly threads: number;
    readonly resident: readonly string[];
    readonly nodes: number;
  },
): Promise<OrtSession> {
  const ort = await loadRuntime();
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: [executionProvider(device)],
      // One for training: bits are promised for that, and parallelism comes from running several models at once.
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      ...(resident.length === 0
        ? {}
        : { preferredOutputLocation: Object.fromEntries(resident.map((name) => [name, "gpu-buffer"])) }),
      // One block planned for all intermediate values takes half as much memory again as pieces that are reused, and
      // saves no time.
      enableMemPattern: false,
      graphOptimizationLevel: nodes > mostOptimized ? "disabled" : "all",
      // Errors are thrown; ONNX Runtime need not print them too.
      logSeverityLevel: 4,
    });
  } catch (error) {
    const what =
      device === "cpu"
        ? `ONNX Runtime refused the program: ${messageOf(error)}`
        : `the device ${device} cannot be used: ${messageOf(error)}. ${deviceRemedy(device)}`;
    throw new TensorError("TENSOR_RUNTIME", what, { cause: error });
  }
}

async function run(
  ort: Ort,
  session: OrtSession,
  feeds: Feeds,
  into: Readonly<Record<string, Feed>>,
): Promise<Readonly<Record<string, TypedArray>>> {
  const fetches = Object.fromEntries(
    session.outputNames.map((name) => {
      const target = into[name];
      return [name, target === undefined ? null : toOrt(ort, target)];
    }),
  );
  const results = await session.run(inputsOf(ort, feeds), fetches);
  const outputs: Record<string, TypedArray> = {};
  for (const [name, result] of Object.entries(results)) {
    const data = arrayOf(name, result);
    const target = into[name]?.data;
    outputs[name] = target ?? data;
    // The binding copies also what has been written to its place. Left to the garbage collector, such copies pile up to
    // several times the size of a model.
    if (target !== undefined && data.buffer !== target.buffer && data.buffer instanceof ArrayBuffer)
      data.buffer.transfer(0);
  }
  return outputs;
}

async function runUncopied(
  ort: Ort,
  session: OrtSession,
  feeds: Feeds,
  into: Readonly<Record<string, Feed>>,
): Promise<void> {
  const fetches = session.outputNames.map((name) => {
    const target = into[name];
    return [name, target === undefined ? null : toOrt(ort, target)];
  });
  try {
    await session.run(inputsOf(ort, feeds), Object.fromEntries(fetches));
  } catch (error) {
    if (!isEnd(error)) throw error;
  }
}

async function runResident(ort: Ort, session: OrtSession, feeds: Feeds): ReturnType<Session["runResident"]> {
  const arrays: Record<string, TypedArray> = {};
  const resident: Record<string, Resident> = {};
  for (const [name, tensor] of Object.entries(await session.run(inputsOf(ort, feeds)))) {
    if (tensor.location === "gpu-buffer") resident[name] = { tensor, release: () => tensor.dispose() };
    else arrays[name] = arrayOf(name, tensor);
  }
  return { arrays, resident };
}

function inputsOf(ort: Ort, feeds: Feeds): Record<string, OrtTensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [name, "tensor" in feed ? feed.tensor : toOrt(ort, feed)]),
  );
}

function arrayOf(name: string, { data, type }: OrtTensor): TypedArray {
  if (
    data instanceof Float32Array ||
    data instanceof BigInt64Array ||
    data instanceof Int32Array ||
    data instanceof Uint8Array
  )
    return data;
  throw new TensorError("TENSOR_RUNTIME", `output ${name} has the type ${type}, which no tensor here has`);
}

function toOrt(ort: Ort, { data, shape, dtype }: Feed): InstanceType<Ort["Tensor"]> {
  if (!holds(data, dtype))
    throw new TensorError("TENSOR_DTYPE", `a tensor of ${dtype} cannot have its elements in ${data.constructor.name}`);
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof BigInt64Array) return new ort.Tensor("int64", data, shape);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, shape);
  return new ort.Tensor(dtype === "bool" ? dtype : "uint8", data, shape);
}
