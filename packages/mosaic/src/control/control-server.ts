/** The socket over which a running experiment takes requests: in the user's private folder, for the user alone. */

import { chmod, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { messageOf } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { type ControlAnswer, type ControlRequest, isControlRequest } from "./protocol.ts";

/** Answers a request; each call of `answer` sends one line. Resolves when all is said. */
export type ControlHandler = (request: ControlRequest, answer: (answer: ControlAnswer) => void) => Promise<void>;

export interface ControlServer {
  close(): Promise<void>;
}

/** Paths of Unix sockets are short: 108 bytes on Linux, 104 on macOS, with a zero at the end. */
const longestPath = 103;
/** A request is a few words; whoever sends more is no command of ours. */
const longestRequest = 10_000;
/** How long the end of an experiment waits for its last answers to be read, which may be many megabytes. */
const lastAnswerMilliseconds = 10_000;

export function socketPath(folder: string, name: string): string {
  return join(folder, `${name}.sock`);
}

/** @throws MosaicError where the folder's path is too long for a socket */
export async function openControlServer(folder: string, name: string, handler: ControlHandler): Promise<ControlServer> {
  const path = socketPath(folder, name);
  if (Buffer.byteLength(path) > longestPath) {
    throw new MosaicError(
      "CONTROL_PATH_TOO_LONG",
      `${path} is too long for a socket; set XDG_RUNTIME_DIR to a shorter path`,
    );
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // Whoever asked may go away: what was asked for stays asked for.
    socket.on("error", () => undefined);
    void serve(socket, handler);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  // It does not keep the process alive.
  server.unref();
  try {
    await chmod(path, 0o600);
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.end();
        // Who reads slowly is waited for, who does not read is not: a stopped process must hold nothing up.
        setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, lastAnswerMilliseconds).unref();
      });
      await rm(path, { force: true });
    },
  };
}

async function serve(socket: Socket, handler: ControlHandler): Promise<void> {
  const answer = (content: ControlAnswer) => {
    if (socket.writable) socket.write(`${JSON.stringify(content)}\n`);
  };
  let received = 0;
  socket.on("data", (bytes) => {
    received += bytes.length;
    if (received > longestRequest) socket.destroy();
  });
  for await (const line of createInterface({ input: socket })) {
    if (received > longestRequest) return;
    const request = parse(line);
    if (isControlRequest(request)) {
      await handler(request, answer).catch((error: unknown) => answer({ kind: "refused", message: messageOf(error) }));
    } else
      answer({ kind: "refused", message: `this experiment does not understand ${JSON.stringify(line.slice(0, 100))}` });
    socket.end();
    return;
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Answered like any other request that is not understood.
    return undefined;
  }
}
