/** Options of the commands that train, by which workers of other machines take their runs. */
import { resolve } from "node:path";
import { shellText } from "@ml-mosaic/command-line";
import { boolean, path, schema } from "@ml-mosaic/configurable";
import type { Crews } from "../experiment/carry-out.ts";
import { spoolElsewhere } from "../spool/elsewhere.ts";

export const spoolOptions = {
  spool: schema(path, {
    optional: true,
    words: "DIR",
    help: "let workers take runs that mosaic worker DIR starts, on any machine that sees the folder",
  }),
  "only-spool": schema(boolean, { help: "with --spool, train nothing on this machine" }),
};

interface Given {
  readonly spool: string | undefined;
  readonly "only-spool": boolean;
}

export function* spoolPreconditions(given: Given) {
  if (given["only-spool"] && given.spool === undefined)
    yield { option: "only-spool", message: "goes with --spool: without it nobody would train" } as const;
}

export function crewsOf({ spool, "only-spool": onlySpool }: Given): Crews {
  if (spool === undefined) return {};
  return { here: !onlySpool, elsewhere: (folders, say) => spoolElsewhere(resolve(spool), folders, say) };
}

/** As they were given, for a command that goes on. */
export function spoolWords({ spool, "only-spool": onlySpool }: Given): string {
  return spool === undefined ? "" : ` --spool ${shellText(spool)}${onlySpool ? " --only-spool" : ""}`;
}
