/** A link over a TCP connection. Either side says every few seconds that it is there. */
import type { Socket } from "node:net";
import type { Link } from "../pilot/link.ts";
import { Channel, type ChannelEvents } from "../wire/channel.ts";

const beatMilliseconds = 5000;
export const silentMilliseconds = 60_000;
/** What waits to be sent to a peer that takes nothing: then it is given up. */
const mostWaitingBytes = 256 * 1024 * 1024;
/** As long as it is not known who sends it. */
const mostStrangeBytes = 4096;

/** To whom what comes is told: before the handshake, and after it. */
export class TcpLink implements Link {
  readonly #socket: Socket;
  readonly #channel: Channel;
  #events: ChannelEvents;
  #isKnown = false;
  #isClosed = false;
  readonly #beating: NodeJS.Timeout;
  /** Since something came. */
  #silentBeats = 0;

  constructor(socket: Socket, events: ChannelEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.setNoDelay(true);
    socket.on("data", () => {
      this.#silentBeats = 0;
      if (!this.#isKnown && socket.bytesRead > mostStrangeBytes) socket.destroy();
    });
    this.#channel = new Channel(socket, {
      message: (value) => {
        if (value !== null && !this.#isClosed) this.#events.message(value);
      },
      broken: (why) => {
        socket.destroy();
        if (!this.#isClosed) this.#events.broken(why);
      },
      closed: () => {
        clearInterval(this.#beating);
        if (!this.#isClosed) this.#events.closed();
      },
    });
    this.#beating = setInterval(() => {
      // What this side says is no sign of the other. Counted, as a machine that slept has heard nothing meanwhile.
      if (++this.#silentBeats * beatMilliseconds > silentMilliseconds) socket.destroy();
      if (this.#isKnown) this.send(null);
    }, beatMilliseconds);
  }

  /** From now on it is known who is there. */
  know(events: ChannelEvents): void {
    this.#isKnown = true;
    this.#events = events;
  }

  send(value: unknown): void {
    this.#channel.send(value);
    if (this.#socket.writableLength > mostWaitingBytes) this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async close(milliseconds: number): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#beating);
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const enough = setTimeout(resolve, milliseconds);
      this.#socket.end(() => {
        clearTimeout(enough);
        resolve();
      });
    });
    this.#socket.destroy();
  }
}

/** Told to nobody. */
export const unheard: ChannelEvents = { message: () => undefined, broken: () => undefined, closed: () => undefined };
