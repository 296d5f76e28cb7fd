import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A case as both sides read it. */
export interface TrainingCase {
  readonly name: string;
  readonly model:
    | "mlp"
    | "cnn"
    | "unet"
    | "lstm"
    | "transformer"
    | "depthwise"
    | "resnet"
    | "mnist"
    | "gpt"
    | "words"
    | "norm";
  /** Arguments of the model's builder. */
  readonly sizes: readonly number[];
  readonly activation?: "sigmoid" | "relu";
  /** Of normalisation. */
  readonly kind?: "layer" | "batch" | "group";
  /** Shape of a batch of features. */
  readonly input: readonly number[];
  /** Features are whole numbers below this: words of a vocabulary. */
  readonly words?: number;
  /** Shape of a batch of targets. */
  readonly target: readonly number[];
  readonly optimizer: "SGD" | "Adam";
  /** What computes our side; what `auto` takes unless told otherwise. */
  readonly executor?: "onnx" | "wasm";
  /** Of our side; one, unless told otherwise. */
  readonly threads?: number;
  /** Whether our side is measured on WebAssembly too: the networks that this is for. */
  readonly isSmall?: boolean;
  /** Steps timed together. */
  readonly steps: number;
  /** The ratio to PyTorch's time that we allow ourselves. */
  readonly limit: number;
}

export interface Measured {
  readonly microseconds: number;
  /** By the clock: of our side alone. */
  readonly wallMicroseconds: number;
  /** Largest memory of the process so far. */
  readonly megabytes: number;
}

export interface Peer {
  /** Of the library on the other side. */
  readonly version: string;
  measure(training: TrainingCase): Promise<Measured>;
  close(): void;
}

/** A process that answers questions on its standard input, one a line. */
export interface AnsweringProcess {
  /** Of the library on the other side. */
  readonly version: string;
  ask(question: object): Promise<Readonly<Record<string, unknown>>>;
  close(): void;
}

/** One side of a comparison, with memory of its own. @param missing what is said where it ends without an answer */
async function startProcess(command: string, args: readonly string[], missing: string): Promise<AnsweringProcess> {
  // Some machines set these for reasons of their own, and slow PyTorch with them.
  const { OPENBLAS_CORETYPE: _type, OPENBLAS_L2_SIZE: _size, ...environment } = process.env;
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...environment, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1" },
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
    ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return answer();
    },
    close: () => child.stdin.end(),
  };
}

/** A script in peers/ for PyTorch on one thread: Debian's python3-torch with libopenblas0-pthread. */
export function startTorchScript(name: string): Promise<AnsweringProcess> {
  return startProcess(
    "/usr/bin/python3",
    [new URL(`./peers/${name}`, import.meta.url).pathname],
    "PyTorch ended; is python3-torch installed? (apt-get install python3-torch libopenblas0-pthread)",
  );
}

/** A script in peers/ of our own, in a process of its own too, so that memory compares. */
export function startOwnScript(name: string): Promise<AnsweringProcess> {
  const script = new URL(`./peers/${name}`, import.meta.url).pathname;
  return startProcess(process.execPath, ["--disable-warning=ExperimentalWarning", script], "our own side ended");
}

function trainingPeer({ version, ask, close }: AnsweringProcess): Peer {
  return {
    version,
    async measure(training) {
      const { microseconds, wallMicroseconds, megabytes } = await ask(training);
      return {
        microseconds: Number(microseconds ?? Number.NaN),
        wallMicroseconds: Number(wallMicroseconds ?? Number.NaN),
        megabytes: Number(megabytes),
      };
    },
    close,
  };
}

export async function startTorch(): Promise<Peer> {
  return trainingPeer(await startTorchScript("torch_peer.py"));
}

export async function startOurs(): Promise<Peer> {
  return trainingPeer(await startOwnScript("our-peer.ts"));
}

/** TensorFlow.js on WebAssembly, where somebody has installed it: see peers/tfjs-peer.mjs. */
export async function startTensorFlow(): Promise<Peer | undefined> {
  const script = new URL("./peers/tfjs-peer.mjs", import.meta.url);
  try {
    import.meta.resolve("@tensorflow/tfjs-backend-wasm");
    return trainingPeer(await startProcess(process.execPath, [script.pathname], "TensorFlow.js ended"));
  } catch {
    // No dependency of this repository.
    return undefined;
  }
}
