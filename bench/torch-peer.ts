import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A case as both sides read it. */
export interface TrainingCase {
  readonly name: string;
  readonly model: "mlp";
  readonly sizes: readonly number[];
  readonly activation: "sigmoid" | "relu";
  readonly batch: number;
  readonly optimizer: "SGD" | "Adam";
  /** Steps timed together. */
  readonly steps: number;
  /** The ratio to PyTorch's time that we allow ourselves. */
  readonly limit: number;
}

export interface TorchPeer {
  readonly version: string;
  /** Microseconds a step. */
  measure(training: TrainingCase): Promise<number>;
  close(): void;
}

/** PyTorch in a process of its own, on one thread: Debian's python3-torch with libopenblas0-pthread. */
export async function startTorch(): Promise<TorchPeer> {
  const script = new URL("./peers/torch_peer.py", import.meta.url).pathname;
  const child = spawn("/usr/bin/python3", [script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (key: string): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done === true)
      throw new Error(
        "PyTorch ended; is python3-torch installed? (apt-get install python3-torch libopenblas0-pthread)",
      );
    return Object(JSON.parse(value))[key];
  };
  const version = String(await answer("version"));
  return {
    version,
    async measure(training) {
      child.stdin.write(`${JSON.stringify(training)}\n`);
      return Number(await answer("microseconds"));
    },
    close: () => child.stdin.end(),
  };
}
