/**
 * Draws the pictures of the documentation anew, from the tutorial's runs: `npx node scripts/images.ts`. Takes a minute or
 * two; with a database of those runs as argument, seconds.
 */
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const images = join(root, "docs", "images");
const folder = await mkdtemp(join(root, "examples", ".images-"));
const mosaic = (...args: readonly string[]) =>
  execFileSync(process.execPath, [join(root, "packages", "mosaic", "bin", "mosaic.ts"), ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, XDG_RUNTIME_DIR: tmpdir(), NODE_OPTIONS: "--disable-warning=ExperimentalWarning" },
  });

try {
  let database = process.argv[2];
  if (database === undefined) {
    await cp(join(root, "examples", "or"), folder, { recursive: true });
    database = join(folder, "or.db");
    mosaic("run", "config.ini", database);
  } else database = resolve(database);
  const draw = (verb: string, name: string, ...args: readonly string[]) =>
    mosaic(verb, database, join(images, `${name}.png`), ...args);
  draw("plotloss", "plotloss", "-id", "1,5,9,13");
  draw("metaplot", "metaplot", "data_DatasetOr", "trainability");
  draw("parallel", "parallel", "trainability");
  draw("importance", "importance", "trainability");
  draw("pareto", "pareto", "nb_params", "trainability");
  mosaic("compare", database, "trainability", "--plot", join(images, "compare.png"));
  mosaic("compare", database, "trainability", "--by", "key", "--plot", join(images, "brick-or-funnel.png"));
} finally {
  await rm(folder, { recursive: true });
}
