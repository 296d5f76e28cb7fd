/** How many models may be run at once, from reading them on: each takes memory and a processor. */
import { Refused } from "../refused.ts";

/** More at a time wait for nothing: a page asks once, and then again. */
const mostAtOnce = 2;
let taken = 0;

/** @throws Refused where all are taken */
export async function withModelSlot<Result>(work: () => Promise<Result>): Promise<Result> {
  if (taken >= mostAtOnce)
    throw new Refused(503, { message: `${mostAtOnce} models are being run already`, remedy: "Ask again in a moment." });
  taken++;
  try {
    return await work();
  } finally {
    taken--;
  }
}
