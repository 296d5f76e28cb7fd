/** Options of the commands that train, by which workers of other machines take their runs. */
import { basename, extname, join, resolve } from "node:path";
import { shellText } from "@ml-mosaic/command-line";
import { boolean, path, schema } from "@ml-mosaic/configurable";
import type { Experiment } from "../config/index.ts";
import type { Crews } from "../experiment/carry-out.ts";
import { SlurmElsewhere } from "../slurm/elsewhere.ts";
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

/** @param experiment of which [SLURM] counts, where it has one */
export function crewsOf(
  { spool, "only-spool": onlySpool }: Given,
  experiment?: Pick<Experiment, "slurm" | "folder" | "start">,
  database = "",
): Crews {
  const slurm = experiment?.slurm;
  if (experiment !== undefined && slurm !== undefined) {
    const { folder, start } = experiment;
    const usual = join(folder, ".spool", basename(database, extname(database)));
    const where = resolve(spool ?? slurm.spool ?? usual);
    return { here: false, elsewhere: (situation) => new SlurmElsewhere(slurm, where, start, situation) };
  }
  if (spool === undefined) return {};
  return { here: !onlySpool, elsewhere: (situation) => spoolElsewhere(resolve(spool), situation) };
}

/** As they were given, for a command that goes on. */
export function spoolWords({ spool, "only-spool": onlySpool }: Given): string {
  return spool === undefined ? "" : ` --spool ${shellText(spool)}${onlySpool ? " --only-spool" : ""}`;
}
