/** A pilot's side of a spool folder. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { livenessOf } from "@ml-mosaic/base";
import type { Connect, Link, Meeting } from "../pilot/link.ts";
import type { ChannelEvents } from "../wire/channel.ts";
import { type Claim, readClaim } from "./claim.ts";
import { forgetPilot, linkPaths, openSpoolFolder, pilotsFolder } from "./folder.ts";
import { SpoolLink } from "./link.ts";
import { watchMilliseconds } from "./times.ts";

const lookMilliseconds = 500;

/** @param name of this pilot, which no other has had */
export async function meetAtSpool(folder: string, name: string, say: (line: string) => void): Promise<Meeting> {
  await openSpoolFolder(folder);
  await mkdir(join(pilotsFolder(folder), name), { mode: 0o700 });
  let last = 0;
  const connect =
    (claim: Claim): Connect =>
    (events) =>
      linkTo(folder, name, claim, events, say);
  return {
    async next(mostMilliseconds, signal) {
      const end = performance.now() + mostMilliseconds;
      do {
        const claim = await readClaim(folder).catch(() => undefined);
        if (claim?.state === "over") return "ended";
        if (claim?.state === "open" && claim.number > last && livenessOf(claim.process) !== "dead") {
          last = claim.number;
          return connect(claim);
        }
        await pause(signal);
      } while (performance.now() < end && !signal.aborted);
      return "nobody";
    },
    forget: () => forgetPilot(folder, name),
  };
}

function linkTo(folder: string, name: string, claim: Claim, events: ChannelEvents, say: (line: string) => void): Link {
  const { toPilot, fromPilot } = linkPaths(folder, name, claim.number);
  const link = new SpoolLink({ own: fromPilot, other: toPilot }, events, (error) =>
    say(`the spool in ${folder} cannot be written to, which is tried again: ${String(error)}`),
  );
  const closed = new AbortController();
  void watch(folder, claim, closed.signal).then((isOver) => isOver && events.closed());
  return {
    send: (value) => link.send(value),
    close(milliseconds) {
      closed.abort();
      return link.close(milliseconds);
    },
  };
}

/** Resolves when this supervisor is no longer there: true, or false where nobody asks any more. */
async function watch(folder: string, claim: Claim, signal: AbortSignal): Promise<boolean> {
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
