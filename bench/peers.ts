import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A case as both sides read it. */
export interface TrainingCase {
  readonly name: string;
  readonly model: "mlp" | "cnn" | "unet" | "lstm" | "transformer";
  /** Arguments of the model's builder. */
  readonly sizes: readonly number[];
  readonly activation?: "sigmoid" | "relu";
  /** Shape of a batch of features. */
  readonly input: readonly number[];
  /** Shape of a batch of targets. */
  readonly target: readonly number[];
  readonly optimizer: "SGD" | "Adam";
  /** Steps timed together. */
  readonly steps: number;
  /** The ratio to PyTorch's time that we allow ourselves. */
  readonly limit: number;
}

export interface Measured {
  readonly microseconds: number;
  /** Largest memory of the process so far. */
  readonly megabytes: number;
}

export interface Peer {
  /** Of the library on the other side. */
  readonly version: string;
  measure(training: TrainingCase): Promise<Measured>;
  close(): void;
}

/** A process that answers cases on its standard input: one side of the comparison, with memory of its own. */
async function startPeer(command: string, args: readonly string[], missing: string): Promise<Peer> {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Readonly<Record<string, unknown>>> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(missing);
      // Libraries greet on the standard output.
      if (value.startsWith("{")) return Object(JSON.parse(value));
    }
  };
  const { version } = await answer();
  return {
    version: String(version),
    async measure(training) {
      child.stdin.write(`${JSON.stringify(training)}\n`);
      const { microseconds, megabytes } = await answer();
      return { microseconds: Number(microseconds ?? Number.NaN), megabytes: Number(megabytes) };
    },
    close: () => child.stdin.end(),
  };
}

/** PyTorch on one thread: Debian's python3-torch with libopenblas0-pthread. */
export function startTorch(): Promise<Peer> {
  const script = new URL("./peers/torch_peer.py", import.meta.url).pathname;
  return startPeer(
    "/usr/bin/python3",
    [script],
    "PyTorch ended; is python3-torch installed? (apt-get install python3-torch libopenblas0-pthread)",
  );
}

/** Our own side, in a process of its own too, so that memory compares. */
export function startOurs(): Promise<Peer> {
  const script = new URL("./peers/our-peer.ts", import.meta.url).pathname;
  return startPeer(process.execPath, [script], "our own side ended");
}

/** TensorFlow.js on WebAssembly, where somebody has installed it: see peers/tfjs-peer.mjs. */
export async function startTensorFlow(): Promise<Peer | undefined> {
  const script = new URL("./peers/tfjs-peer.mjs", import.meta.url);
  try {
    import.meta.resolve("@tensorflow/tfjs-backend-wasm");
    return await startPeer(process.execPath, [script.pathname], "TensorFlow.js ended");
  } catch {
    // No dependency of this repository.
    return undefined;
  }
}
