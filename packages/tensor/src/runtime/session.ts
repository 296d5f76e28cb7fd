import { createHash } from "node:crypto";
import type { DType, TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import type { Shape } from "../shape.ts";
import { type Device, deviceRemedy, executionProvider } from "./device.ts";

/** A tensor at the border to ONNX Runtime. */
export interface Feed {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A compiled model, ready to run until it is released. */
export interface Session {
  /** @param into where outputs are to be written; the others get new arrays */
  run(
    feeds: Readonly<Record<string, Feed>>,
    into?: Readonly<Record<string, Feed>>,
  ): Promise<Readonly<Record<string, TypedArray>>>;
  /** Gives the model back once what runs has finished; nothing can be started afterwards. */
  release(): void;
}

type Ort = typeof import("onnxruntime-node");
type OrtSession = Awaited<ReturnType<Ort["InferenceSession"]["create"]>>;

let runtime: Promise<Ort> | undefined;

/** ONNX Runtime is loaded with the first computation: it takes a quarter of a second and tens of megabytes. */
function loadRuntime(): Promise<Ort> {
  runtime ??= import("onnxruntime-node");
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
 * Compiles a model, or finds it compiled.
 *
 * @param bytes bound of the memory that running it takes
 * @param threads that share the work of a kernel
 */
export async function createSession(
  model: Uint8Array,
  bytes: number,
  device: Device = "cpu",
  threads = 1,
): Promise<Session> {
  const key = `${device} ${threads} ${createHash("sha256").update(model).digest("base64")}`;
  const entry = cache.get(key) ?? { session: compile(model, device, threads), bytes, users: 0 };
  entry.users++;
  // Moved to the end: the map's order is that of the last use.
  cache.delete(key);
  cache.set(key, entry);
  const ort = await loadRuntime();
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
  return {
    async run(feeds, into = {}) {
      if (released) throw new TensorError("TENSOR_RUNTIME", "this program was released; compile it again");
      running++;
      try {
        return await run(ort, session, feeds, into);
      } finally {
        running--;
        leave();
      }
    },
    release() {
      if (released) return;
      released = true;
      leave();
    },
  };
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

async function compile(model: Uint8Array, device: Device, threads: number): Promise<OrtSession> {
  const ort = await loadRuntime();
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: [executionProvider(device)],
      // One for training: bits are promised for that, and parallelism comes from running several models at once.
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      // One block planned for all intermediate values takes half as much memory again as pieces that are reused, and
      // saves no time.
      enableMemPattern: false,
      graphOptimizationLevel: "all",
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
  feeds: Readonly<Record<string, Feed>>,
  into: Readonly<Record<string, Feed>>,
): Promise<Readonly<Record<string, TypedArray>>> {
  try {
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, toOrt(ort, feed)]));
    const fetches = Object.fromEntries(
      session.outputNames.map((name) => {
        const target = into[name];
        return [name, target === undefined ? null : toOrt(ort, target)];
      }),
    );
    const results = await session.run(inputs, fetches);
    const outputs: Record<string, TypedArray> = {};
    for (const [name, result] of Object.entries(results)) {
      const { data } = result;
      if (
        !(
          data instanceof Float32Array ||
          data instanceof BigInt64Array ||
          data instanceof Int32Array ||
          data instanceof Uint8Array
        )
      ) {
        throw new TensorError("TENSOR_RUNTIME", `output ${name} has the type ${result.type}, which no tensor here has`);
      }
      const target = into[name]?.data;
      outputs[name] = target ?? data;
      // The binding copies also what has been written to its place. Left to the garbage collector, such copies pile up to
      // several times the size of a model.
      if (target !== undefined && data.buffer !== target.buffer && data.buffer instanceof ArrayBuffer)
        data.buffer.transfer(0);
    }
    return outputs;
  } catch (error) {
    if (error instanceof TensorError) throw error;
    throw new TensorError("TENSOR_RUNTIME", `ONNX Runtime failed: ${messageOf(error)}`, { cause: error });
  }
}

function toOrt(ort: Ort, { data, shape, dtype }: Feed): InstanceType<Ort["Tensor"]> {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof BigInt64Array) return new ort.Tensor("int64", data, shape);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, shape);
  if (dtype === "bool") return new ort.Tensor("bool", data, shape);
  throw new TensorError("TENSOR_DTYPE", `a ${dtype} tensor cannot hold bytes`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
