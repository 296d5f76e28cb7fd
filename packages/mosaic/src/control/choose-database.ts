import { shellText } from "@ml-mosaic/command-line";
import { MosaicError } from "../errors.ts";
import { databaseFile } from "../store/index.ts";
import { listExperiments } from "./registry.ts";

/**
 * The database that a command without a database argument means: the one that the user names, else that of the only
 * running experiment.
 */
export async function chooseDatabase(named: string | undefined, folders?: readonly string[]): Promise<string> {
  if (named !== undefined) return databaseFile(named);
  const running = (await listExperiments(folders)).filter(({ liveness }) => liveness !== "dead");
  const databases = [...new Set(running.map(({ database }) => database))];
  const [only, ...others] = databases;
  if (only === undefined)
    throw new MosaicError("NO_EXPERIMENT", "no experiment of yours is running; name the database with --db");
  if (others.length === 0) return only;
  const list = databases.map((database) => `\n  --db ${shellText(database)}`).join("");
  throw new MosaicError("SEVERAL_EXPERIMENTS", `several experiments are running; say which one is meant:${list}`);
}
