import { TensorError } from "../errors.ts";
import type { Platform } from "./platform.ts";

/** A task of its own, unlike a promise, and without the milliseconds that nested timers wait. */
const channel = new MessageChannel();

function refuse(what: string, remedy: string): never {
  throw new TensorError("TENSOR_RUNTIME", `browsers have no ${what}; ${remedy}`);
}

export const platform: Platform = {
  onnxRuntime: undefined,
  turn: () =>
    new Promise((resolve) => {
      channel.port1.addEventListener("message", () => resolve(), { once: true });
      channel.port1.start();
      channel.port2.postMessage(undefined);
    }),
  unfilled: (bytes) => new ArrayBuffer(bytes),
  readFile: async () => refuse("files", "fetch the bytes, and read those"),
  replaceFile: async () => refuse("files", "take the bytes instead"),
  startSampleThread: () => refuse("threads that read samples", "leave numWorkers out"),
};
