/** Messages in both directions between a supervisor and a pilot, in order and each once, whatever carries them. */
import type { ChannelEvents } from "../wire/channel.ts";
import type { LeftWords } from "./left-words.ts";

export interface Link {
  /**
   * @param isAnswered whether the other side says something as soon as it has heard it
   * @throws MosaicError where the value cannot be sent
   */
  send(value: unknown, isAnswered?: boolean): void;
  /** Sends what was said before, for at most so long. After that no event comes. */
  close(milliseconds: number): Promise<void>;
}

export type Connect = (events: ChannelEvents) => Link;

/** How a pilot finds supervisors, one after the other. */
export interface Meeting {
  /**
   * Waits for the next one.
   *
   * @returns `ended` where no run is left, `nobody` where it has taken longer than this, or the signal says so
   */
  next(mostMilliseconds: number, signal: AbortSignal): Promise<Connect | "ended" | "nobody">;
  /** Nothing of this pilot is to be read any more. */
  forget(): Promise<void>;
}

/** Where a supervisor is found by pilots. */
export interface Landing {
  /** How many pilots of an earlier supervisor may come again; undefined where that is not known. */
  readonly known?: number | undefined;
  /**
   * What pilots that are gone have said to earlier supervisors.
   *
   * @param isHere whether a pilot of this name is there, and says that itself
   */
  left?(isHere: (name: string) => boolean): Promise<readonly LeftWords[]>;
  /** @param isOver whether no run is left: pilots end; else they wait for another supervisor */
  close(isOver: boolean): Promise<void>;
}

/** Opens a landing. Each pilot that comes is told of by a name of its own. */
export type OpenLanding = (
  come: (name: string, connect: Connect) => void,
  fail: (error: unknown) => void,
) => Promise<Landing>;
