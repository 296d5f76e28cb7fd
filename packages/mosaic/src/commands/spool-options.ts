/** Options of the commands that train, by which workers of other machines take their runs. */
import { basename, extname, join, resolve } from "node:path";
import { shellText } from "@ml-mosaic/command-line";
import { boolean, literal, path, schema, string } from "@ml-mosaic/configurable";
import { type Engine, type Experiment, engines, type SlurmSection } from "../config/index.ts";
import type { Crews } from "../experiment/carry-out.ts";
import { addressForOthers, addressText, readAddress } from "../tcp/address.ts";

/** A port alone is one of all addresses of this machine. */
const everywhere = "0.0.0.0";

export const engineOption = {
  engine: schema(literal(...engines), {
    optional: true,
    help: "who trains: slurm sends jobs by the options of [SLURM], which may be arguments, local is this machine; slurm where there is [SLURM]",
  }),
};

export const spoolOptions = {
  spool: schema(path, {
    optional: true,
    words: "DIR",
    help: "let workers take runs that mosaic worker DIR starts, on any machine that sees the folder",
  }),
  listen: schema(string, {
    optional: true,
    words: "HOST:PORT",
    help: "let workers take runs that mosaic worker tcp://HOST:PORT starts, which know the token in ~/.config/mosaic/token",
  }),
  "only-workers": schema(boolean, { help: "with --spool or --listen, train nothing on this machine" }),
};

interface Given {
  readonly engine?: Engine | undefined;
  readonly spool: string | undefined;
  readonly listen: string | undefined;
  readonly "only-workers": boolean;
}

export function* spoolPreconditions(given: Given) {
  if (given["only-workers"] && given.spool === undefined && given.listen === undefined)
    yield {
      option: "only-workers",
      message: "goes with --spool or --listen: without them nobody would train",
    } as const;
  if (given.listen !== undefined && given.spool !== undefined)
    yield { option: "listen", message: "and --spool: workers come one way or the other" } as const;
  if (given.listen !== undefined) readAddress(given.listen, everywhere);
}

/** Where jobs find their supervisor, where nobody names another folder. */
export function spoolFolder({ slurm, folder }: { slurm: SlurmSection; folder: string }, name: string): string {
  return slurm.spool ?? join(folder, ".spool", name);
}

/**
 * What waits for workers elsewhere is loaded where they are waited for.
 *
 * @param experiment of which [SLURM] counts, where it has one
 */
export function crewsOf(
  { spool, listen, "only-workers": onlyWorkers }: Given,
  experiment?: Pick<Experiment, "slurm" | "folder" | "start">,
  database = "",
): Crews {
  const slurm = experiment?.slurm;
  if (experiment !== undefined && slurm !== undefined) {
    const { folder, start } = experiment;
    const where = resolve(spool ?? spoolFolder({ slurm, folder }, basename(database, extname(database))));
    const given = listen === undefined ? undefined : readAddress(listen, everywhere);
    // Jobs are told what the section says, or the name of this machine where the port is at all of its addresses.
    const address = slurm.address ?? (given && addressText(addressForOthers(given)));
    const section = { ...slurm, address };
    return {
      here: false,
      async elsewhere(situation) {
        const { SlurmElsewhere } = await import("../slurm/elsewhere.ts");
        return new SlurmElsewhere(section, where, start, situation, given);
      },
    };
  }
  if (listen !== undefined) {
    const address = readAddress(listen, everywhere);
    return {
      here: !onlyWorkers,
      elsewhere: async (situation) => (await import("../tcp/elsewhere.ts")).tcpElsewhere(address, situation),
    };
  }
  if (spool === undefined) return {};
  const folder = resolve(spool);
  return {
    here: !onlyWorkers,
    elsewhere: async (situation) => (await import("../spool/elsewhere.ts")).spoolElsewhere(folder, situation),
  };
}

/** As they were given, for a command that goes on. */
export function spoolWords({ engine, spool, listen, "only-workers": onlyWorkers }: Given): string {
  const where = [
    ...(engine === undefined ? [] : ["--engine", engine]),
    ...(spool === undefined ? [] : ["--spool", spool]),
    ...(listen === undefined ? [] : ["--listen", listen]),
  ];
  return [...where, ...(onlyWorkers ? ["--only-workers"] : [])].map((word) => ` ${shellText(word)}`).join("");
}
