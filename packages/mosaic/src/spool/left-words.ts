/** Reads what earlier supervisors have told pilots, and heard of them, as far as it is in the spool still. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { lastKinds, leavesNothing } from "../pilot/left-run.ts";
import type { LeftWords } from "../pilot/left-words.ts";
import { isFromPilot, isToPilot } from "../pilot/messages.ts";
import type { RunOrder } from "../run/order.ts";
import { readValue } from "../wire/values.ts";
import type { FromWorker } from "../worker/messages.ts";
import { linkPaths, pilotsFolder } from "./folder.ts";
import { SpoolReader } from "./reader.ts";

/**
 * @param isHere whether a pilot of this name says all that itself
 * @param before number of the supervisor that asks
 */
export async function readLeftWords(
  folder: string,
  isHere: (name: string) => boolean,
  before: number,
): Promise<readonly LeftWords[]> {
  const found: LeftWords[] = [];
  for (const name of await readdir(pilotsFolder(folder))) {
    if (isHere(name)) continue;
    const files = await readdir(join(pilotsFolder(folder), name)).catch(() => []);
    const numbers = new Set(files.flatMap((file) => /^said-(\d+)\./.exec(file)?.slice(1).map(Number) ?? []));
    for (const number of [...numbers].filter((each) => each < before).sort((a, b) => b - a)) {
      const { toPilot, fromPilot } = linkPaths(folder, name, number);
      found.push(...(await wordsOf(name, toPilot, fromPilot)));
    }
  }
  return found;
}

async function wordsOf(name: string, toPilot: string, fromPilot: string): Promise<readonly LeftWords[]> {
  const orders = new Map<string, { readonly order: RunOrder; readonly messages: FromWorker[] }>();
  for (const value of await allIn(toPilot))
    if (isToPilot(value) && value.kind === "tell" && value.message.kind === "run")
      orders.set(`${value.worker} ${value.message.token}`, { order: value.message.order, messages: [] });
  for (const value of await allIn(fromPilot))
    if (isFromPilot(value) && value.kind === "said")
      orders.get(`${value.worker} ${value.message.token}`)?.messages.push(value.message);
  return [...orders.values()]
    .filter(({ order, messages }) => {
      const last = messages.at(-1);
      return last !== undefined && lastKinds.has(last.kind) && !leavesNothing(order, last);
    })
    .map((words) => ({ name, ...words }));
}

async function allIn(path: string): Promise<readonly unknown[]> {
  const reader = new SpoolReader(path, { keeps: true });
  const values: unknown[] = [];
  for (;;) {
    const texts = await reader.read();
    if (texts.length === 0) return values;
    for (const text of texts) values.push(readValue(text));
  }
}
