import { join } from "node:path";
import { command, interruptible, pathText, startProgress } from "@ml-mosaic/command-line";
import { boolean, float, int, literal, path, refine, schema, string, within } from "@ml-mosaic/configurable";
import { filamentProfiles } from "../sample/filaments.ts";
import { truthName, writeSample } from "../sample/write-sample.ts";

const defaultSize = "512x512";
/** FITS and the memory for a row have room for more; nobody waits for it. */
const longestSide = 1_000_000;

const mapSize = refine(string, `rows x columns from 1 to 1,000,000, such as ${defaultSize}`, (text) => {
  const [height, width] = sidesOf(text);
  return height >= 1 && width >= 1 && height <= longestSide && width <= longestSide;
});

function sidesOf(text: string): readonly [height: number, width: number] {
  const [, rows, columns] = /^(\d+)[x×](\d+)$/i.exec(text.trim()) ?? [];
  return [Number(rows), Number(columns)];
}

export const sampleCommand = command({
  name: "sample",
  summary:
    "Make up a map of the Galactic plane with filaments, and its labels, as FITS: image.fits, target.fits (1 on spines and branches), missing.fits (1 = valid), background.fits; and truth.fits, a table of the filaments.",
  arguments: { folder: schema(path, { default: "sample", help: "folder to write to" }) },
  options: {
    size: schema(mapSize, { default: defaultSize, words: "HxW", help: "rows x columns in pixels" }),
    seed: schema(within(int, { minimum: 0, maximum: 2 ** 32 - 1 }), {
      default: 1,
      words: "N",
      help: "the same seed and size give the same map",
    }),
    profile: schema(literal(...filamentProfiles), {
      default: "gaussian",
      help: "how filaments fall off from their spine; plummer: with index 3",
    }),
    beam: schema(within(float, { exclusiveMinimum: 0, maximum: 50 }), {
      optional: true,
      words: "PIXELS",
      help: "full width at half maximum of the beam that blurs the map; none by default",
    }),
    overwrite: schema(boolean, { help: "replace files that exist" }),
  },
  examples: ["bigsf sample", "bigsf sample big --size 1800x10000 --seed 7"],
  async run(given, terminal) {
    const [height, width] = sidesOf(given.size);
    const seed = given.seed;
    const folder = given.folder;
    const progress = startProgress(terminal, { title: "Making up", unit: "rows", total: height });
    const paths = await interruptible((signal) =>
      writeSample({
        folder,
        height,
        width,
        seed,
        profile: given.profile,
        beam: given.beam,
        overwrite: given.overwrite,
        onRows: progress.update,
        signal,
      }),
    ).finally(progress.end);
    terminal.out(`${[...Object.values(paths), join(folder, truthName)].map(pathText).join("\n")}\n`);
    return 0;
  },
});
