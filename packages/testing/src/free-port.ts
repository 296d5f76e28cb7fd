import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below those from which systems take ports for connections and for listeners that ask for any. */
const [least, end] = [12_000, 30_000];

/** A port of this machine that nobody listens at now, and that hardly anyone takes in a moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(least, end);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
