type Write = typeof process.stdout.write;

/**
 * Sends what is printed to `sink` instead of the terminal, until the returned function is called. Modules of the users
 * print; a worker's run log is where it belongs.
 */
export function captureOutput(sink: (text: string | Uint8Array) => void): () => void {
  const streams = [process.stdout, process.stderr];
  const originals = streams.map((stream) => stream.write);
  const write: Write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    sink(chunk);
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(() => done());
    return true;
  };
  for (const stream of streams) stream.write = write;
  return () => {
    for (const [index, stream] of streams.entries()) {
      const original = originals[index];
      if (original !== undefined) stream.write = original;
    }
  };
}
