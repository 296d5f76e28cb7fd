/**
 * What the engine has of where it runs, and the only place by which it knows: `#platform` is `node.ts` or, under the condition
 * `browser`, `browser.ts` (package.json, "imports"). Nothing else that browsers load asks for a module of Node.
 */
import type { Worker } from "node:worker_threads";

export interface Platform {
  /** Loads ONNX Runtime; undefined where there is none, and programs run on WebAssembly alone. */
  readonly onnxRuntime: (() => Promise<typeof import("onnxruntime-node")>) | undefined;
  /** Gives whoever waits for signals, timers or messages a turn. */
  turn(): Promise<void>;
  /** Bytes that are about to be written, all of them: what is in them until then is nobody's business. */
  unfilled(bytes: number): ArrayBuffer;
  readFile(path: string): Promise<Uint8Array>;
  /** Writes a file that appears when it is complete. */
  replaceFile(path: string, content: Uint8Array | Iterable<Uint8Array>): Promise<unknown>;
  /** A thread that reads samples: `data/threads/sample-thread.ts`. */
  startSampleThread(): Worker;
}
