import { GraphWriter, NameSource } from "../onnx/graph-writer.ts";
import { modelBytes } from "../onnx/model-proto.ts";
import { blocksDomain } from "../ops/channel-blocks.ts";
import { createSession } from "./session.ts";

const most = 64;

let known: Promise<number> | undefined;

/** How many channels ONNX Runtime lays together on this processor: where the second position of the first one comes. 0: it does not. */
export function channelBlock(): Promise<number> {
  known ??= find().catch(() => 0);
  return known;
}

async function find(): Promise<number> {
  const writer = new GraphWriter({ opset: 18, names: new NameSource() });
  writer.addNode("ReorderInput", ["x"], ["y"], { channels_last: 0 }, blocksDomain);
  const shape = [1, most, 1, 2];
  const port = (name: string) => ({ name, shape, dtype: "float32" as const });
  const session = await createSession(modelBytes(writer.graph("blocks", [port("x")], [port("y")]), 18), 0);
  try {
    const data = Float32Array.from({ length: 2 * most }, (_, index) => index);
    const { y } = await session.run({ x: { data, shape, dtype: "float32" } });
    const block = y instanceof Float32Array ? y.indexOf(1) : 0;
    return block > 1 && most % block === 0 ? block : 0;
  } finally {
    session.release();
  }
}
