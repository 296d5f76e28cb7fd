/** "Fail every call in turn until none is left": a command meets one fault at a time, and then is gone on with. */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type FaultKind, openFaults, type SystemCall } from "./faults.ts";

export interface CommandEnd {
  /** null: killed. */
  readonly code: number | null;
  readonly stderr: string;
  /** It was ended since it did not end by itself. */
  readonly endless?: boolean;
}

/** Where a command is tried, again and again. */
export interface Trial {
  /** Makes everything as the command finds it. */
  restore(): Promise<void>;
  command(environment: Readonly<Record<string, string>>): Promise<CommandEnd>;
  /** What a user types after that. */
  goOn(first: CommandEnd): Promise<CommandEnd>;
  /** What is there in the end. */
  outcome(): unknown;
  /** Files that the command writes: after a fault they are whole, or not there. */
  readonly whole?: readonly string[];
  /** Calls count that concern one of these. */
  readonly parts: readonly string[];
}

export interface EveryCallOptions {
  /** The places where it is tried at the same time. */
  readonly trials: readonly Trial[];
  /** Where the libraries and their counts lie. */
  readonly folder: string;
  /** How many calls fail in turn, spread over all; all of them where it is more than there are. */
  readonly most: number;
  /** Of the same calls on the same file so many fail in turn: the first, the last, and some between. */
  readonly mostAlike: number;
  /** Whether the work is gone on with also where the command has ended well. */
  readonly goesOnAlways?: boolean;
  /** Only between these, where the command is killed at every call, alike or not. */
  readonly between?: Stretch;
  readonly onWrong?: (what: string) => void;
}

/** From the first call on a path of a pattern to the first on a path with `until` in it, or to the end. */
export interface Stretch {
  readonly from: string;
  readonly until?: string;
}

export interface EveryCallReport {
  /** Of the undisturbed command. */
  readonly calls: number;
  /** Faults that were tried. */
  readonly tried: number;
  /** Faults that came to pass. */
  readonly met: number;
  /** What did not end as if nothing had been, and what was said. */
  readonly wrong: readonly string[];
}

export async function failEveryCall(options: EveryCallOptions): Promise<EveryCallReport> {
  const { trials, folder, most, mostAlike, between } = options;
  const places = trials.map((trial, number) => {
    const own = join(folder, String(number));
    mkdirSync(own, { recursive: true });
    return { trial, faults: openFaults(own) };
  });
  const [first] = places;
  if (first === undefined) throw new TypeError("it is tried nowhere");
  await first.trial.restore();
  const undisturbed = await first.trial.command(
    first.faults.environment({
      at: 0,
      kind: "EIO",
      parts: first.trial.parts,
      ...(between === undefined ? {} : { from: between.from }),
    }),
  );
  if (undisturbed.code !== 0) throw new Error(`undisturbed it fails: ${undisturbed.stderr}`);
  const calls = first.faults.calls();
  if (options.goesOnAlways === true) await first.trial.goOn(undisturbed);
  const expected: Expected = {
    outcome: JSON.stringify(first.trial.outcome()),
    sizes: (first.trial.whole ?? []).map(sizeOf),
  };
  const all = between === undefined ? casesOf(calls, first.trial.parts, mostAlike) : killsOf(calls, between);
  const cases = spread(all, most);
  const wrong: string[] = [];
  let met = 0;
  let next = 0;
  const work = async (place: (typeof places)[number]) => {
    for (let each = cases[next++]; each !== undefined; each = cases[next++]) {
      const { isMet, told } = await tryOne(place, each, expected, options.goesOnAlways === true);
      if (isMet) met++;
      if (told === undefined) continue;
      wrong.push(told);
      options.onWrong?.(told);
    }
  };
  await Promise.all(places.map(work));
  return { calls: calls.length, tried: cases.length, met, wrong };
}

/** The `at`-th of the same calls on the same file. */
interface Case {
  readonly kind: FaultKind;
  readonly call: string;
  /** The path, with `{0}` for the first part that counts, and `*` for what differs from time to time. */
  readonly pattern: string;
  readonly at: number;
  /** Then it is the `at`-th of all calls from there on, whatever they are. */
  readonly from?: string;
}

interface Expected {
  readonly outcome: string;
  readonly sizes: readonly (number | undefined)[];
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

interface Place {
  readonly trial: Trial;
  readonly faults: ReturnType<typeof openFaults>;
}

async function tryOne(
  { trial, faults }: Place,
  { kind, call, pattern, at, from }: Case,
  expected: Expected,
  goesOnAlways: boolean,
): Promise<{ readonly isMet: boolean; readonly told?: string }> {
  const { parts } = trial;
  const path = pattern.replaceAll(/\{(\d)\}/g, (_, number) => parts[Number(number)] ?? "");
  await trial.restore();
  const which = from === undefined ? { call, pattern: path } : { from };
  const first = await trial.command(faults.environment({ at, kind, parts, ...which }));
  const { hit } = faults.outcome();
  const told: string[] = [];
  if (first.endless === true) told.push("does not end");
  else if (hit !== undefined && !endings(kind).includes(first.code)) told.push(`ended with ${first.code}`);
  if (/^ {4}at /m.test(first.stderr)) told.push("says it with a stack");
  if (first.code !== 0 && kind !== "kill" && first.stderr.trim() === "") told.push("says nothing");
  for (const [index, file] of (trial.whole ?? []).entries()) {
    const size = sizeOf(file);
    if (size !== undefined && size !== expected.sizes[index]) told.push(`leaves ${size} bytes of ${file}`);
  }
  if (first.code !== 0 || goesOnAlways) {
    const second = await trial.goOn(first);
    if (second.code !== 0) told.push(`cannot be gone on with (${second.code}): ${second.stderr}`);
  }
  const outcome = JSON.stringify(trial.outcome());
  if (outcome !== expected.outcome) told.push(`another outcome: ${differenceOf(outcome, expected.outcome)}`);
  if (told.length === 0) return { isMet: hit !== undefined };
  const what = `${kind} at number ${at}${from === undefined ? " of" : ` from ${from} on,`} ${call} ${pattern} (${hit ?? "not met"}): ${told.join("; ")}\n${first.stderr}`;
  return { isMet: hit !== undefined, told: what };
}

/** A fault is survived, or the command says what is wrong; one of its processes may be killed, or all. */
function endings(kind: FaultKind): readonly (number | null)[] {
  return kind === "kill" ? [0, 3, null] : [0, 3];
}

function differenceOf(outcome: string, expected: string): string {
  let place = 0;
  while (place < outcome.length && outcome[place] === expected[place]) place++;
  const start = Math.max(0, place - 60);
  return `${outcome.slice(start, place + 100)} instead of ${expected.slice(start, place + 100)}`;
}

/** Calls that change nothing: a kill at one is a kill after the change before it. */
const reading = [
  "access",
  "fcntl",
  "mmap",
  "open",
  "opendir",
  "pread64",
  "read",
  "readv",
  "scandir",
  "scandir64",
  "statx",
];
/** Calls that need no room. */
const roomless = ["chmod", "fchmod", "open:write", "rmdir", "unlink"];

function kindsOf(call: string): readonly FaultKind[] {
  if (reading.includes(call)) return ["EIO"];
  return roomless.includes(call) ? ["kill", "EIO", "EROFS"] : ["kill", "ENOSPC", "EIO", "EDQUOT", "EROFS"];
}

function casesOf(calls: readonly SystemCall[], parts: readonly string[], mostAlike: number): readonly Case[] {
  const patternOf = (path: string) => {
    const named = parts.reduce((text, part, number) => text.replaceAll(part, `{${number}}`), path);
    // Names of what is unfinished, and of processes.
    return named.replaceAll(/\d+-[0-9a-f]{8}\b/g, "*").replaceAll(/\b\d{3,}\b/g, "*");
  };
  const groups = Map.groupBy(calls, ({ call, path }) => `${call} ${patternOf(path)}`);
  return Array.from(groups, ([group, alike]) => {
    const call = group.slice(0, group.indexOf(" "));
    const pattern = group.slice(group.indexOf(" ") + 1);
    const numbers = Array.from(alike, (_, index) => index + 1);
    const ends =
      alike.length > mostAlike
        ? [...new Set([1, ...spread(numbers.slice(1, -1), mostAlike - 2), alike.length])]
        : numbers;
    return ends.flatMap((at) => kindsOf(call).map((kind) => ({ kind, call, pattern, at })));
  }).flat();
}

function killsOf(calls: readonly SystemCall[], { from, until }: Stretch): readonly Case[] {
  const end = until === undefined ? -1 : calls.findIndex(({ path }) => path.includes(until));
  if (until !== undefined && end < 0) throw new Error(`nothing is done with ${until}`);
  return calls
    .slice(0, until === undefined ? calls.length : end)
    .map(({ call, path }, index) => ({ kind: "kill", call, pattern: path, at: index + 1, from }));
}

function spread<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return items.filter(
    (_, index) => Math.floor((index * most) / items.length) !== Math.floor(((index - 1) * most) / items.length),
  );
}
