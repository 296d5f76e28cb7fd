/**
 * Files over a link, either way: whoever wants one asks for it piece by piece, so that never more is on the way than was asked
 * for, and knows its size and digest beforehand.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { MosaicError } from "../errors.ts";
import { count, fields, nullable, type Rule, text } from "../wire/rules.ts";

export interface FileMark {
  readonly bytes: number;
  /** SHA-256, in hexadecimal digits. */
  readonly digest: string;
}

export type ExchangeMessage =
  /** Asks for the piece of a file that begins there. */
  | { readonly kind: "fetch"; readonly transfer: number; readonly digest: string; readonly offset: number }
  /** In Base64; null: it cannot be had. */
  | { readonly kind: "piece"; readonly transfer: number; readonly offset: number; readonly content: string | null };

export const exchangeRules: Readonly<Record<ExchangeMessage["kind"], Rule>> = {
  fetch: fields({ transfer: count, digest: text, offset: count }),
  piece: fields({ transfer: count, offset: count, content: nullable(text) }),
};

const pieceBytes = 256 * 1024;
/** Of one file, so that a slow answer costs no time. */
const mostPieces = 4;
/** Of a peer that asks for more than any does. */
const mostAsked = 64;
/** So long nothing of a file may come: the other side may live, and be unable to read it. */
export const stalledMilliseconds = 120_000;

interface Transfer {
  readonly wanted: FileMark;
  readonly file: number;
  readonly hash: ReturnType<typeof createHash>;
  readonly over: PromiseWithResolvers<void>;
  /** Has it fail where nothing comes. */
  readonly patience: NodeJS.Timeout;
  /** Of what has come, and of what was asked for. */
  offset: number;
  asked: number;
}

export interface ExchangeOptions {
  send(message: ExchangeMessage): void;
  /** What this side has offered. */
  find(digest: string): string | Buffer | undefined;
}

export class FileExchange {
  readonly #options: ExchangeOptions;
  readonly #transfers = new Map<number, Transfer>();
  #count = 0;
  #asked = 0;
  #serving: Promise<void> = Promise.resolve();
  /** One file after the other. */
  #fetching: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /**
   * Writes a file that the other side has offered.
   *
   * @param path of no file yet
   * @throws MosaicError where it does not come, or not with this digest; whatever the system says where it cannot be written
   */
  async fetch(wanted: FileMark, path: string): Promise<void> {
    const fetched = this.#fetching.then(() => this.#fetch(wanted, path));
    this.#fetching = fetched.catch(() => undefined);
    await fetched;
  }

  async #fetch(wanted: FileMark, path: string): Promise<void> {
    if (this.#isClosed) throw lost();
    const over = Promise.withResolvers<void>();
    const transfer: Transfer = {
      wanted,
      file: openSync(path, "wx"),
      hash: createHash("sha256"),
      over,
      patience: setTimeout(() => over.reject(stalled()), stalledMilliseconds),
      offset: 0,
      asked: 0,
    };
    over.promise.catch(() => undefined);
    const id = ++this.#count;
    this.#transfers.set(id, transfer);
    try {
      for (let piece = 0; piece < mostPieces; piece++) this.#ask(id, transfer);
      if (wanted.bytes > 0) await over.promise;
      if (transfer.hash.digest("hex") !== wanted.digest)
        throw broken("a file has come with another digest than was said");
    } finally {
      clearTimeout(transfer.patience);
      this.#transfers.delete(id);
      closeSync(transfer.file);
    }
  }

  #ask(id: number, transfer: Transfer): void {
    if (transfer.asked >= transfer.wanted.bytes) return;
    this.#options.send({ kind: "fetch", transfer: id, digest: transfer.wanted.digest, offset: transfer.asked });
    transfer.asked += pieceBytes;
  }

  /** @throws MosaicError where the other side breaks the rules */
  take(message: ExchangeMessage): void {
    if (this.#isClosed) return;
    if (message.kind === "piece") this.#takePiece(message);
    else {
      if (this.#asked >= mostAsked) throw broken("more pieces of files are asked for than anybody needs");
      this.#asked++;
      this.#serving = this.#serving.then(async () => {
        const content = await this.#read(message).catch(() => undefined);
        this.#asked--;
        if (this.#isClosed) return;
        const { transfer, offset } = message;
        this.#options.send({ kind: "piece", transfer, offset, content: content?.toString("base64") ?? null });
      });
    }
  }

  /** Nothing comes any more: what is being fetched fails. */
  close(): void {
    this.#isClosed = true;
    for (const { over } of this.#transfers.values()) over.reject(lost());
  }

  async #read({ digest, offset }: Extract<ExchangeMessage, { readonly kind: "fetch" }>): Promise<Buffer | undefined> {
    const source = this.#options.find(digest);
    if (source === undefined) return undefined;
    if (typeof source !== "string") return source.subarray(offset, offset + pieceBytes);
    await using file = await open(source);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, offset);
    return buffer.subarray(0, bytesRead);
  }

  #takePiece({ transfer: id, offset, content }: Extract<ExchangeMessage, { readonly kind: "piece" }>): void {
    const transfer = this.#transfers.get(id);
    // It was given up.
    if (transfer === undefined) return;
    try {
      this.#write(transfer, offset, content);
      if (transfer.offset === transfer.wanted.bytes) transfer.over.resolve();
      else this.#ask(id, transfer);
    } catch (error) {
      transfer.over.reject(error);
    }
  }

  #write(transfer: Transfer, offset: number, content: string | null): void {
    const { wanted, file, hash } = transfer;
    if (content === null) throw broken("a file that was offered is no longer there");
    const bytes = Buffer.from(content, "base64");
    const expected = Math.min(pieceBytes, wanted.bytes - transfer.offset);
    if (offset !== transfer.offset || offset >= transfer.asked || bytes.length !== expected)
      throw broken("a file has not come as it was said to be");
    for (let start = 0; start < bytes.length; ) start += writeSync(file, bytes, start);
    hash.update(bytes);
    transfer.offset += bytes.length;
    transfer.patience.refresh();
  }
}

function broken(what: string): MosaicError {
  return new MosaicError("BAD_TRANSFER", what);
}

function stalled(): MosaicError {
  const seconds = stalledMilliseconds / 1000;
  return new MosaicError("LINK_LOST", `nothing of a file has come for ${seconds} s, though the other side is there`);
}

function lost(): MosaicError {
  return new MosaicError("LINK_LOST", "the link is gone before a file had come");
}
