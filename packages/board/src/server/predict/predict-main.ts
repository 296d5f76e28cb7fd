/** The process that runs a model once: what it takes of time and memory is bounded by the one that has started it. */
import { readFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { messageOf } from "@ml-mosaic/base";
import { evaluationSample, openSqliteReader, type SampleField } from "ml-mosaic/reading";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { NamedValues } from "../../wire/prediction.ts";
import type { PredictionOrder, PredictionReport } from "./messages.ts";

/** More than a page can show. */
const mostShown = 4096;

process.once("message", (order: PredictionOrder) => {
  predict(order).then(tell, (error: unknown) => tell({ kind: "failed", message: messageOf(error) }));
});

// Without the board nobody waits for it, nor ends what it has started.
process.once("disconnect", () => {
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    process.exit(1);
  }
});

function tell(report: PredictionReport): void {
  process.send?.(report, () => process.exit(0));
}

interface Given {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

async function predict({ model, inputs }: PredictionOrder): Promise<PredictionReport> {
  setPriority(10);
  // As bytes: a file could name others beside it.
  const session = await InferenceSession.create(await readFile(model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const asked = "sample" in inputs ? await sampleFor(session, inputs) : { given: inputs, target: null };
  const feeds = Object.fromEntries(asked.given.map((each) => [each.name, tensorOf(each)]));
  const said = await session.run(feeds);
  return {
    kind: "said",
    inputs: asked.given.map(({ name, shape, values }) => shown(name, shape, values)),
    outputs: session.outputNames.flatMap((name) => {
      const output = said[name];
      return output === undefined ? [] : [shown(name, output.dims, output.data)];
    }),
    target: asked.target,
  };
}

async function sampleFor(
  session: InferenceSession,
  { database, runId, sample }: Extract<PredictionOrder["inputs"], { readonly sample: number }>,
) {
  const reader = await openSqliteReader(database);
  const { features, target } = await evaluationSample(reader, runId, sample);
  await reader.close();
  const types = new Map(session.inputMetadata.map((input) => [input.name, input.isTensor ? input.type : "float32"]));
  if (features.length !== session.inputNames.length)
    throw new Error(`its samples have ${features.length} fields, the model takes ${session.inputNames.length}`);
  const given = features.map(({ shape, values }, place): Given => {
    const name = session.inputNames[place] ?? "";
    return { name, type: types.get(name) ?? "float32", shape: [1, ...shape], values };
  });
  return { given, target: target === undefined ? null : targetOf(target) };
}

function targetOf({ shape, values }: SampleField): NamedValues {
  return shown("target", [1, ...shape], values);
}

function tensorOf({ type, shape, values }: Given): Tensor {
  switch (type) {
    case "float64":
      return new Tensor(type, Float64Array.from(values), shape);
    case "int64":
      return new Tensor(type, BigInt64Array.from(values, BigInt), shape);
    case "int32":
      return new Tensor(type, Int32Array.from(values), shape);
    case "int16":
      return new Tensor(type, Int16Array.from(values), shape);
    case "uint16":
      return new Tensor(type, Uint16Array.from(values), shape);
    case "int8":
      return new Tensor(type, Int8Array.from(values), shape);
    case "uint8":
    case "bool":
      return new Tensor(type, Uint8Array.from(values), shape);
    default:
      return new Tensor("float32", Float32Array.from(values), shape);
  }
}

function shown(name: string, shape: readonly number[], values: ArrayLike<unknown>): NamedValues {
  const first = Array.from({ length: Math.min(values.length, mostShown) }, (_, place) => values[place]);
  return {
    name,
    shape: [...shape],
    values: first.map((value) => (typeof value === "number" && Number.isFinite(value) ? value : jsonValue(value))),
    count: values.length,
  };
}

function jsonValue(value: unknown): number | string {
  const number = Number(value);
  return typeof value === "bigint" && Number.isSafeInteger(number) ? number : String(value);
}
