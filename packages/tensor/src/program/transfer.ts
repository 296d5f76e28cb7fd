/** Ways of values to the memory of a device and back. */
import type { TypedArray } from "../dtype.ts";
import { GraphWriter, NameSource } from "../onnx/graph-writer.ts";
import { modelBytes } from "../onnx/model-proto.ts";
import type { Device } from "../runtime/device.ts";
import { createSession, type Feed, type Feeds, type Resident } from "../runtime/session.ts";
import type { LoopGraph, LoopInput } from "./loop.ts";
import { portOf, programOpset } from "./onnx-step.ts";

/** Values by entry, wherever they are. */
export type Values = Readonly<Record<string, Feed | Resident>>;

export interface Transfer {
  /** To where the device computes; what is there takes memory until it is released. */
  toDevice(values: Readonly<Record<string, Feed>>): Promise<Values>;
  toArrays(values: Values): Promise<Readonly<Record<string, TypedArray>>>;
  release(): void;
}

/**
 * ONNX Runtime's binding keeps values on a device with WebGPU alone, and can neither put them there nor fetch them but by
 * running a model: one that gives back what it is given. Elsewhere values stay arrays between runs.
 */
export async function compileTransfer({ fixed, carried }: LoopGraph, device: Device): Promise<Transfer> {
  if (device !== "webgpu") {
    return {
      toDevice: async (values) => values,
      toArrays: async (values) =>
        Object.fromEntries(
          Object.entries(values).flatMap(([name, value]) => ("data" in value ? [[name, value.data]] : [])),
        ),
      release: () => undefined,
    };
  }
  const entries = [...fixed, ...carried];
  const bytes = entries.reduce((sum, { tensor }) => sum + 8 * tensor.numel, 0);
  const [up, down] = await Promise.all([
    createSession(copyingModel(entries), bytes, { device, resident: entries.map(({ name }) => copyOf(name)) }),
    carried.length === 0 ? undefined : createSession(copyingModel(carried), bytes, { device }),
  ]);
  return {
    async toDevice(values) {
      const { resident } = await up.runResident(values);
      return Object.fromEntries(Object.entries(resident).map(([name, value]) => [entryOf(name), value]));
    },
    async toArrays(values) {
      const feeds: Feeds = values;
      const arrays = (await down?.run(feeds)) ?? {};
      return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [entryOf(name), array]));
    },
    release() {
      up.release();
      down?.release();
    },
  };
}

export function releaseAll(values: Values): void {
  for (const value of Object.values(values)) if ("tensor" in value) value.release();
}

const prefix = "copy.";
const copyOf = (entryName: string) => `${prefix}${entryName}`;
const entryOf = (outputName: string) => outputName.slice(prefix.length);

function copyingModel(entries: readonly LoopInput[]): Uint8Array {
  const writer = new GraphWriter({ opset: programOpset, names: new NameSource() });
  for (const { name } of entries) writer.addNode("Identity", [name], [copyOf(name)]);
  const ports = entries.map(portOf);
  const outputs = ports.map((port) => ({ ...port, name: copyOf(port.name) }));
  return modelBytes(writer.graph("copy", ports, outputs), programOpset);
}
