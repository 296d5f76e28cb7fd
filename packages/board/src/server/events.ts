/** Changes as server-sent events. */
import type { ServerResponse } from "node:http";
import type { NumberedChange } from "./follower.ts";
import { Refused } from "./refused.ts";

const mostListeners = 32;
/** A page that does not read what it is sent has to ask again. */
const mostWaitingBytes = 16 * 2 ** 20;
const beatMilliseconds = 15_000;

let listeners = 0;

/** Tells what has changed, for as long as somebody listens. */
export interface ChangeSource {
  readonly cursor: string;
  /** Ends with the function that it gives back. */
  listen(since: string | undefined, listener: (change: NumberedChange) => void): () => void;
}

export function sendEvents(response: ServerResponse, follower: ChangeSource, since: string | undefined): void {
  if (listeners >= mostListeners)
    throw new Refused(503, { message: `${mostListeners} pages follow this board already; close some` });
  listeners++;
  response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" });
  response.write(`retry: 500\nid: ${follower.cursor}\n\n`);
  const send = ({ cursor, change }: NumberedChange) => {
    if (response.writableLength > mostWaitingBytes) response.destroy();
    else response.write(`id: ${cursor}\ndata: ${JSON.stringify(change)}\n\n`);
  };
  const stop = follower.listen(since, send);
  // Proxies end what says nothing for long.
  const beat = setInterval(() => response.write(":\n\n"), beatMilliseconds);
  response.once("close", () => {
    listeners--;
    clearInterval(beat);
    stop();
  });
}
