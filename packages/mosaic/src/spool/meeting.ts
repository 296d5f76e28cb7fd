/** A pilot's side of a spool folder. */
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, livenessOf } from "@ml-mosaic/base";
import { type Claim, readClaim } from "../claim/claim.ts";
import type { Connect, Link, Meeting } from "../pilot/link.ts";
import type { ChannelEvents } from "../wire/channel.ts";
import { forgetPilot, isSpoolFolder, linkPaths, pilotsFolder } from "./folder.ts";
import { SpoolLink } from "./link.ts";
import { watchMilliseconds } from "./times.ts";

const lookMilliseconds = 500;

/**
 * @param name of this pilot, which no other has had
 * @throws MosaicError where there can be no such folder; that a supervisor has not made it yet is waited for
 */
export async function meetAtSpool(folder: string, name: string, say: (line: string) => void): Promise<Meeting> {
  let isThere = await isSpoolFolder(folder);
  if (!isThere) say(`${folder} is no spool folder yet: mosaic run --spool makes it one`);
  let last = 0;
  let count = 0;
  let own: string | undefined;
  const forget = async () => {
    if (own !== undefined) await forgetPilot(folder, own);
    own = undefined;
  };
  const connect = async (claim: Claim): Promise<Connect> => {
    await forget();
    const pilot = `${name}.${++count}`;
    await mkdir(join(pilotsFolder(folder), pilot), { mode: 0o700 });
    own = pilot;
    last = claim.number;
    return (events) => linkTo(folder, pilot, claim, events, say);
  };
  return {
    async next(mostMilliseconds, signal) {
      const end = performance.now() + mostMilliseconds;
      do {
        isThere ||= await isSpoolFolder(folder);
        const claim = isThere ? await readClaim(folder).catch(() => undefined) : undefined;
        if (claim?.state === "over") return "ended";
        // A supervisor that is met again has given this pilot up: it was frozen for a while.
        const isNew =
          claim !== undefined && (claim.number > last || (own !== undefined && (await isForgotten(folder, own))));
        if (claim?.state === "open" && isNew && livenessOf(claim.process) !== "dead") return await connect(claim);
        await pause(signal);
      } while (performance.now() < end && !signal.aborted);
      return "nobody";
    },
    forget,
  };
}

function linkTo(folder: string, name: string, claim: Claim, events: ChannelEvents, say: (line: string) => void): Link {
  const { toPilot, fromPilot } = linkPaths(folder, name, claim.number);
  const onTrouble = (error: unknown) =>
    say(`the spool in ${folder} cannot be written to, which is tried again: ${String(error)}`);
  const link = new SpoolLink({ own: fromPilot, other: toPilot }, events, { onTrouble });
  const closed = new AbortController();
  void watch(folder, name, claim, closed.signal).then((isOver) => isOver && events.closed());
  return {
    send: (value, isAnswered) => link.send(value, isAnswered),
    close(milliseconds) {
      closed.abort();
      return link.close(milliseconds);
    },
  };
}

/** Whether the supervisor has given a pilot up, and removed what it had. */
async function isForgotten(folder: string, name: string): Promise<boolean> {
  return stat(join(pilotsFolder(folder), name)).then(
    () => false,
    (error: unknown) => errorCode(error) === "ENOENT",
  );
}

/** Resolves when this supervisor is no longer there for this pilot: true, or false where nobody asks any more. */
async function watch(folder: string, name: string, claim: Claim, signal: AbortSignal): Promise<boolean> {
  let { beat } = claim;
  let silent = 0;
  let before = performance.now();
  while (!signal.aborted) {
    await pause(signal);
    const now = await readClaim(folder).catch(() => undefined);
    if (now !== undefined && (now.number !== claim.number || now.state !== "open")) return !signal.aborted;
    // A machine that slept has heard nothing meanwhile, which says nothing.
    silent += Math.min(performance.now() - before, 2 * lookMilliseconds);
    before = performance.now();
    if (now !== undefined && now.beat !== beat) {
      silent = 0;
      beat = now.beat;
    }
    if (await isForgotten(folder, name)) return !signal.aborted;
    if (silent > watchMilliseconds || livenessOf(claim.process) === "dead") return !signal.aborted;
  }
  return false;
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, lookMilliseconds);
    signal.addEventListener("abort", done);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
