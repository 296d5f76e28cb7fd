/** "Fail every call in turn until none is left": a command meets one fault at a time, and then is gone on with. */
import { type FaultKind, openFaults } from "./faults.ts";

export interface CommandEnd {
  readonly code: number | null;
  readonly stderr: string;
}

export interface EveryCall {
  /** Makes everything as the command finds it. */
  readonly restore: () => Promise<void>;
  readonly command: (environment: Readonly<Record<string, string>>) => Promise<CommandEnd>;
  /** What a user types after that. */
  readonly goOn: () => Promise<CommandEnd>;
  /** What is there in the end. */
  readonly outcome: () => unknown;
  /** Calls count that concern one of these. */
  readonly parts: readonly string[];
  readonly kinds: readonly FaultKind[];
  /** How many calls fail in turn, spread over all; all of them where it is more than there are. */
  readonly most: number;
}

export interface EveryCallReport {
  /** Of the undisturbed command. */
  readonly calls: number;
  /** Faults that came to pass. */
  readonly met: number;
  /** What did not end as if nothing had been, and what was said. */
  readonly wrong: readonly string[];
}

/** @param folder where the library and its count lie */
export async function failEveryCall(trial: EveryCall, folder: string): Promise<EveryCallReport> {
  const faults = openFaults(folder);
  const { parts, kinds, most } = trial;
  await trial.restore();
  const undisturbed = await trial.command(faults.environment({ at: 0, kind: "EIO", parts }));
  if (undisturbed.code !== 0) throw new Error(`undisturbed it fails: ${undisturbed.stderr}`);
  const expected = JSON.stringify(trial.outcome());
  const calls = faults.outcome().count;
  const wrong: string[] = [];
  let met = 0;
  const count = Math.min(most, calls * kinds.length);
  for (let number = 0; number < count; number++) {
    // With few of them each kind meets other calls.
    const kind = kinds[number % kinds.length] ?? "EIO";
    const at = 1 + Math.floor(((number + 0.5) / count) * calls);
    await trial.restore();
    const first = await trial.command(faults.environment({ at, kind, parts }));
    const { hit } = faults.outcome();
    if (hit === undefined) continue;
    met++;
    const told: string[] = [];
    if (kind === "kill" ? ![0, 3, null].includes(first.code) : ![0, 2, 3].includes(first.code ?? -1))
      told.push(`ended with ${first.code}`);
    if (/^ {4}at /m.test(first.stderr)) told.push("says it with a stack");
    if (first.code !== 0 && kind !== "kill" && first.stderr.trim() === "") told.push("says nothing");
    if (first.code !== 0) {
      const second = await trial.goOn();
      if (second.code !== 0) told.push(`cannot be gone on with (${second.code}): ${second.stderr}`);
    }
    if (JSON.stringify(trial.outcome()) !== expected) told.push("another outcome");
    if (told.length > 0) wrong.push(`${kind} at call ${at} of ${calls}, ${hit}: ${told.join("; ")}\n${first.stderr}`);
  }
  return { calls, met, wrong };
}
