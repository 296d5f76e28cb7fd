/** The supervisor's side of a spool folder. */
import { readdir } from "node:fs/promises";
import { holdClaim } from "../claim/held-claim.ts";
import { repeat } from "../claim/repeat.ts";
import { MosaicError } from "../errors.ts";
import type { Landing, OpenLanding } from "../pilot/link.ts";
import { linkPaths, makeSpoolFolder, pilotsFolder } from "./folder.ts";
import { readLeftWords } from "./left-words.ts";
import { SpoolLink } from "./link.ts";
import { watchMilliseconds } from "./times.ts";

const lookMilliseconds = 500;
/** So many pilots are looked at as often as is useful; more of them together as often as these. */
const pilotsAtFullPace = 50;
/** Words that are heard later than in some two seconds would be missed where a pilot's end is known from elsewhere. */
const mostSlowness = 4;

/** Of a pilot, each time that it comes. */
function lastingName(name: string): string {
  return name.replace(/\.\d+$/, "");
}

/** Finds the pilots that have come to a folder. @throws MosaicError where another supervisor has it */
export function spoolLanding(folder: string, say: (line: string) => void): OpenLanding {
  return async (come, fail): Promise<Landing> => {
    await makeSpoolFolder(folder);
    const trouble = (what: string) => (error: unknown) =>
      say(`the spool in ${folder} ${what}, which is tried again: ${String(error)}`);
    const held = await holdClaim(folder, {
      watchMilliseconds,
      what: folder,
      say,
      refuse: (holder) =>
        new MosaicError(
          "SPOOL_IN_USE",
          `${folder} is the spool folder of another supervisor (${holder}): name another folder, or wait until that one has ended`,
        ),
      lost: (holder) =>
        fail(new MosaicError("SPOOL_IN_USE", `another supervisor (${holder}) has taken over ${folder}`)),
      onTrouble: trouble("cannot be written to"),
    });
    const known = new Set<string>();
    // Each that comes again has another number behind its name.
    const before = new Set((await readdir(pilotsFolder(folder))).map(lastingName));
    let isClosed = false;
    let open = 0;
    const look = async () => {
      for (const name of await readdir(pilotsFolder(folder))) {
        if (known.has(name) || isClosed) continue;
        known.add(name);
        const paths = linkPaths(folder, name, held.claim.number);
        come(name, (events) => {
          open++;
          const link = new SpoolLink({ own: paths.toPilot, other: paths.fromPilot }, events, {
            onTrouble: trouble("cannot be written to"),
            slowness: () => Math.min(mostSlowness, Math.max(1, open / pilotsAtFullPace)),
          });
          return {
            send: (value, isAnswered) => link.send(value, isAnswered),
            close(milliseconds) {
              open--;
              return link.close(milliseconds);
            },
          };
        });
      }
    };
    const looking = repeat(look, lookMilliseconds, trouble("cannot be read"));
    return {
      known: before.size,
      left: (isHere) =>
        readLeftWords(
          folder,
          (name) => isHere(name) || [...known].some((each) => isHere(each) && lastingName(each) === lastingName(name)),
          held.claim.number,
        ),
      async close(isOver) {
        isClosed = true;
        await looking.stop();
        await held.release(isOver ? "over" : "left");
      },
    };
  };
}
