import { GraphWriter, NameSource } from "../onnx/graph-writer.ts";
import { modelBytes } from "../onnx/model-proto.ts";
import type { Device } from "./device.ts";
import { createSession } from "./session.ts";

/**
 * Computes something small on a device.
 *
 * @throws TensorError that says what is missing
 */
export async function checkDevice(device: Device): Promise<void> {
  const opset = 18;
  const writer = new GraphWriter({ opset, names: new NameSource() });
  const matrix = { shape: [2, 2], dtype: "float32" } as const;
  writer.addNode("Gemm", ["x", "x"], ["y"]);
  const model = modelBytes(writer.graph("check", [{ name: "x", ...matrix }], [{ name: "y", ...matrix }]), opset);
  const session = await createSession(model, 64, { device });
  try {
    await session.run({ x: { data: Float32Array.of(1, 0, 0, 1), ...matrix } });
  } finally {
    session.release();
  }
}
