/** Errors gathered by their first line and by the place in the user's code that they come from. */
import { firstErrorLine, type StoreReader } from "ml-mosaic/reading";
import type { Failures } from "../wire/answers.ts";

/** Runs that are listed of each. */
const mostListed = 100;

export async function failuresOf(reader: StoreReader, meant: readonly number[] | undefined): Promise<Failures> {
  const query = meant === undefined ? { status: "error" } : { status: "error", runIds: meant };
  const groups = new Map<
    string,
    { message: string; place: string | null; count: number; runs: number[]; example: string }
  >();
  for await (const { runId, returnStatus } of reader.runs(query)) {
    const example = returnStatus ?? "";
    const [message, place] = [firstErrorLine(example), placeInUserCode(example)];
    const key = `${place}\n${withoutNumbers(message)}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { message, place, count: 1, runs: [runId], example });
    else {
      known.count++;
      if (known.runs.length < mostListed) known.runs.push(runId);
    }
  }
  return { groups: [...groups.values()].sort((one, other) => other.count - one.count) };
}

/** Errors of one kind often differ in a number: a run's id, a size, an epoch. */
function withoutNumbers(message: string): string {
  return message.replace(/\d+(\.\d+)?/g, "0");
}

/** The innermost line of a stack that is not Node's, not a library's and not our own: `net.ts:12`. */
export function placeInUserCode(stack: string): string | null {
  const isForeign = (path: string) =>
    /node_modules|^node:|site-packages|dist-packages|\/lib\/python|mosaic_worker|packages\/[a-z-]+\/(?:src|dist)\//.test(
      path,
    );
  const places = [
    ...Array.from(
      stack.matchAll(/^\s+at (?:.*\()?(?:file:\/\/)?([^()\s]+?):(\d+):\d+\)?$/gm),
      ([, path = "", line = ""]) => ({ path, line }),
    ),
    // Python names the innermost place last.
    ...Array.from(stack.matchAll(/^\s+File "([^"]+)", line (\d+)/gm), ([, path = "", line = ""]) => ({
      path,
      line,
    })).reverse(),
  ];
  const own = places.find(({ path }) => !isForeign(path));
  return own === undefined ? null : `${own.path.replace(/\?.*$/, "")}:${own.line}`;
}
