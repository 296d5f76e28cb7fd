/** The supervisor's side of a spool folder. */
import { readdir } from "node:fs/promises";
import { errorCode } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import type { Landing, OpenLanding } from "../pilot/link.ts";
import { type Claim, nextClaim, readClaim, writeClaim } from "./claim.ts";
import { linkPaths, openSpoolFolder, pilotsFolder } from "./folder.ts";
import { SpoolLink } from "./link.ts";
import { watchMilliseconds } from "./times.ts";

const lookMilliseconds = 500;
const beatMilliseconds = 5000;

/** Finds the pilots that have come to a folder. @throws MosaicError where another supervisor has it */
export function spoolLanding(folder: string, say: (line: string) => void): OpenLanding {
  return async (come, fail): Promise<Landing> => {
    await openSpoolFolder(folder);
    let claim = await nextClaim(folder, watchMilliseconds, say);
    await writeClaim(folder, claim);
    const known = new Set<string>();
    let isClosed = false;
    const trouble = (what: string) => (error: unknown) =>
      say(`the spool in ${folder} ${what}, which is tried again: ${String(error)}`);
    const look = async () => {
      for (const name of await readdir(pilotsFolder(folder))) {
        if (known.has(name) || isClosed) continue;
        known.add(name);
        const paths = linkPaths(folder, name, claim.number);
        come(
          name,
          (events) =>
            new SpoolLink({ own: paths.toPilot, other: paths.fromPilot }, events, trouble("cannot be written to")),
        );
      }
    };
    const beat = async () => {
      const now = await readClaim(folder);
      if (now !== undefined && now.id !== claim.id && !isClosed) throw taken(folder, now);
      claim = { ...claim, beat: claim.beat + 1 };
      await writeClaim(folder, claim);
    };
    const looking = repeat(look, lookMilliseconds, fail, trouble("cannot be read"));
    const beating = repeat(beat, beatMilliseconds, fail, trouble("cannot be written to"));
    return {
      async close(isOver) {
        isClosed = true;
        await Promise.all([looking.stop(), beating.stop()]);
        const now = await readClaim(folder);
        if (now?.id !== claim.id) return;
        await writeClaim(folder, { ...claim, state: isOver ? "over" : "left", beat: claim.beat + 1 });
      },
    };
  };
}

function taken(folder: string, { process }: Claim): MosaicError {
  return new MosaicError(
    "SPOOL_IN_USE",
    `another supervisor (process ${process.pid}, ${process.scope.split(" ")[0]}) has taken over ${folder}`,
  );
}

/** One call after the other; what the file system refuses now is tried again. */
function repeat(
  work: () => Promise<void>,
  milliseconds: number,
  fail: (error: unknown) => void,
  onTrouble: (error: unknown) => void,
) {
  let isStopped = false;
  let isTold = false;
  let running = Promise.resolve();
  const once = async () => {
    try {
      await work();
      isTold = false;
    } catch (error) {
      if (error instanceof MosaicError) return fail(error);
      if (!isTold && errorCode(error) !== "ENOENT") onTrouble(error);
      isTold = true;
    }
    if (!isStopped) timer = later();
  };
  const later = () =>
    setTimeout(() => {
      running = once();
    }, milliseconds);
  let timer = later();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
