/**
 * Where a training step's time goes on ONNX Runtime, kernel by kernel: reads one case, answers with the kernels of a step, and with
 * what its products of matrices take in a graph of nothing else. Times of a profile are the clock's; the least of a kernel's is
 * taken, as others may have had the processor meanwhile.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import ort from "onnxruntime-node";
import { GraphWriter, NameSource } from "../../packages/tensor/src/onnx/graph-writer.ts";
import { modelBytes, type Port } from "../../packages/tensor/src/onnx/model-proto.ts";
import type { TrainingCase } from "../peers.ts";
import { prepareTraining } from "./prepare-training.ts";

type Shape = readonly number[];

export interface Kernel {
  readonly name: string;
  /** In a step. */
  readonly count: number;
  readonly microseconds: number;
  /** Of products and convolutions; 0 of others. */
  readonly flops: number;
}

export interface Profile {
  readonly kernels: readonly Kernel[];
  /** Of the step's products in a graph of nothing else, and of one large product: user time. */
  readonly products: { readonly microseconds: number; readonly flops: number; readonly all: readonly Product[] };
  readonly largeProduct: { readonly microseconds: number; readonly flops: number };
}

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: {
    readonly op_name: string;
    readonly input_type_shape: readonly Readonly<Record<string, Shape>>[];
    readonly output_type_shape: readonly Readonly<Record<string, Shape>>[];
  };
}

/** Shapes of a product op(a) op(b). */
interface Factors {
  readonly a: Shape;
  readonly b: Shape;
  readonly output: Shape;
}

/** The same, and which factors are transposed: what the other side needs to compute it too. */
export interface Product extends Factors {
  readonly transA: boolean;
  readonly transB: boolean;
}

const opset = 18;
const holders: ReadonlySet<string> = new Set(["Loop", "Scan", "If"]);
const products: ReadonlySet<string> = new Set(["Gemm", "MatMul", "FusedMatMul", "FusedGemm"]);
const sizeOf = (shape: Shape) => shape.reduce((product, length) => product * length, 1);
const firstOf = (shapes: readonly Readonly<Record<string, Shape>>[], index: number): Shape =>
  Object.values(shapes[index] ?? {})[0] ?? [];

/** How many products each element sums up, whichever factor is transposed. */
function innerSize({ a, b, output }: Factors): number {
  return Math.round(Math.sqrt((sizeOf(a) * sizeOf(b)) / sizeOf(output) / sizeOf(b.slice(0, -2))));
}

function productOf(factors: Factors): Product {
  const k = innerSize(factors);
  return { ...factors, transA: factors.a.at(-1) !== k, transB: factors.b.at(-2) !== k };
}

function flopsOf(op: string, inputs: Event["args"]["input_type_shape"], output: Shape): number {
  const [a, b] = [firstOf(inputs, 0), firstOf(inputs, 1)];
  if (products.has(op)) return 2 * sizeOf(output) * innerSize({ a, b, output });
  if (!op.includes("Conv")) return 0;
  // Each weight meets each position of each image: of the output, or of the input where it is transposed.
  const positions = op.includes("Transpose") ? a : output;
  return 2 * sizeOf(b) * (positions[0] ?? 1) * sizeOf(positions.slice(2));
}

/** User time of a run of a graph of products alone. */
async function timeOf(all: readonly Product[], rounds: number): Promise<number> {
  const writer = new GraphWriter({ opset, names: new NameSource() });
  const feeds: Record<string, InstanceType<typeof ort.Tensor>> = {};
  const ports: Port[] = [];
  const fed = (shape: Shape): string => {
    const name = `${shape}`;
    if (!(name in feeds)) {
      ports.push({ name, shape, dtype: "float32" });
      feeds[name] = new ort.Tensor("float32", new Float32Array(sizeOf(shape)).fill(0.5), shape);
    }
    return name;
  };
  const zero = writer.constant(BigInt64Array.of(0n), [1]);
  const one = writer.constant(BigInt64Array.of(1n), [1]);
  const ends = all.map(({ a, b, output, transA: isA, transB: isB }, index) => {
    const [transA, transB] = [Number(isA), Number(isB)];
    // Equal products would be one node: each has a factor of its own.
    const alpha = { float: 1 + index / 1024 };
    const product =
      output.length === 2
        ? writer.node("Gemm", [fed(a), fed(b)], { transA, transB, alpha })
        : writer.node("FusedMatMul", [fed(a), fed(b)], { transA, transB, alpha }, "com.microsoft");
    const flat = writer.node("Reshape", [product, writer.constant(BigInt64Array.of(-1n), [1])]);
    return writer.node("Slice", [flat, zero, one]);
  });
  writer.addNode("Concat", ends, ["end"], { axis: 0 });
  const end: Port = { name: "end", shape: [all.length], dtype: "float32" };
  const session = await ort.InferenceSession.create(modelBytes(writer.graph("products", ports, [end]), opset), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    enableMemPattern: false,
    logSeverityLevel: 4,
  });
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = process.cpuUsage();
    await session.run(feeds);
    if (round > 0) times.push(process.cpuUsage(start).user);
  }
  await session.release();
  return Math.min(...times);
}

async function profileOf(training: TrainingCase): Promise<Profile> {
  const folder = mkdtempSync(join(tmpdir(), "kernels-"));
  const sessions: Awaited<ReturnType<typeof ort.InferenceSession.create>>[] = [];
  const create = ort.InferenceSession.create;
  const profiled = async (model: Uint8Array, options: object) => {
    const settings = { ...options, enableProfiling: true, profileFilePrefix: join(folder, `${sessions.length}`) };
    const session = await create.call(ort.InferenceSession, model, settings);
    sessions.push(session);
    return session;
  };
  Object.assign(ort.InferenceSession, { create: profiled });
  const { run, release } = await prepareTraining({ ...training, executor: "onnx" });
  const steps = Math.max(10, Math.min(50, 3 * training.steps));
  await run(steps);
  for (const session of sessions) session.endProfiling();
  Object.assign(ort.InferenceSession, { create });
  const seen = new Map<
    string,
    { readonly times: number[]; readonly op: string; readonly flops: number; readonly product?: Product }
  >();
  for (const file of readdirSync(folder)) {
    const events: readonly Event[] = JSON.parse(readFileSync(join(folder, file), "utf8"));
    for (const { cat, name, dur, args } of events) {
      if (cat !== "Node" || !name.endsWith("_kernel_time") || holders.has(args.op_name)) continue;
      const { op_name: op, input_type_shape: inputs } = args;
      const output = firstOf(args.output_type_shape, 0);
      const key = `${op} ${JSON.stringify([inputs, output])}`;
      const known = seen.get(key);
      if (known !== undefined) {
        known.times.push(dur);
        continue;
      }
      const product = productOf({ a: firstOf(inputs, 0), b: firstOf(inputs, 1), output });
      seen.set(key, { times: [dur], op, flops: flopsOf(op, inputs, output), ...(products.has(op) ? { product } : {}) });
    }
  }
  release();
  rmSync(folder, { recursive: true });
  const kernels = new Map<string, Kernel>();
  const alone: Product[] = [];
  for (const { times, op, flops, product } of seen.values()) {
    const count = Math.round(times.length / steps);
    const known = kernels.get(op) ?? { name: op, count: 0, microseconds: 0, flops: 0 };
    kernels.set(op, {
      name: op,
      count: known.count + count,
      microseconds: known.microseconds + Math.min(...times) * count,
      flops: known.flops + flops * count,
    });
    for (let index = 0; index < count; index++) if (product !== undefined) alone.push(product);
  }
  const large = productOf({ a: [1024, 1024], b: [1024, 1024], output: [1024, 1024] });
  return {
    kernels: [...kernels.values()].toSorted((a, b) => b.microseconds - a.microseconds),
    products: {
      microseconds: alone.length === 0 ? 0 : await timeOf(alone, 5),
      flops: alone.reduce((sum, each) => sum + 2 * sizeOf(each.output) * innerSize(each), 0),
      all: alone,
    },
    largeProduct: { microseconds: await timeOf([large], 9), flops: 2 * 1024 ** 3 },
  };
}

console.log(JSON.stringify({ version: `node ${process.versions.node}` }));
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await profileOf(JSON.parse(line))));
