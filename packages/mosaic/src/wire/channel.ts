/** Messages in both directions over a socket: what supervisor and workers have between them, in whatever language. */
import type { Duplex } from "node:stream";
import { messageOf } from "@ml-mosaic/base";
import { FrameReader, frameOf } from "./frame.ts";
import { readValue, writeValue } from "./values.ts";

export interface ChannelEvents {
  message(value: unknown): void;
  /** Something else than a message has come. Nothing else that comes is read. */
  broken(why: string): void;
  /** The other side is gone, or has closed the channel. */
  closed(): void;
  /** Whether what is sent in one go is written in one go: where nothing holds the thread for long. */
  readonly gathers?: boolean;
}

export class Channel {
  readonly #socket: Duplex;
  readonly #gathers: boolean;

  constructor(socket: Duplex, events: ChannelEvents) {
    this.#socket = socket;
    this.#gathers = events.gathers === true;
    const reader = new FrameReader();
    const read = (bytes: Buffer) => {
      const texts = reader.take(bytes);
      for (;;) {
        let value: unknown;
        try {
          const { done, value: text } = texts.next();
          if (done === true) return;
          value = readValue(text);
        } catch (error) {
          socket.off("data", read);
          socket.resume();
          events.broken(messageOf(error));
          return;
        }
        events.message(value);
      }
    };
    socket.on("data", read);
    // `close` follows.
    socket.on("error", () => undefined);
    socket.on("close", () => events.closed());
  }

  /**
   * @param sent is called when the system has it, or nobody is there to take it
   * @throws MosaicError where the value cannot be sent
   */
  send(value: unknown, sent: () => void = () => undefined): void {
    const frame = frameOf(writeValue(value));
    if (this.#gathers) this.#gather();
    if (this.#socket.writable) this.#socket.write(frame, () => sent());
    else sent();
  }

  #gather(): void {
    this.#socket.cork();
    process.nextTick(() => this.#socket.uncork());
  }
}
