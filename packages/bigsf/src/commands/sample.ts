import { command, interruptible, pathText, startProgress } from "@ml-mosaic/command-line";
import { BigsfError } from "../errors.ts";
import { writeSample } from "../sample/write-sample.ts";

const DEFAULT_SIZE = "512x512";
/** FITS and the memory for a row have room for more; nobody waits for it. */
const LONGEST_SIDE = 1_000_000;

export const sampleCommand = command({
  name: "sample",
  summary:
    "Make up a map of the Galactic plane with filaments, and its labels, as FITS: image.fits, target.fits (1 on spines and branches), missing.fits (1 = valid), background.fits.",
  arguments: [{ name: "folder", help: "folder to write to", default: "sample" }],
  options: [
    { name: "size", value: "HxW", help: "rows x columns in pixels", default: DEFAULT_SIZE },
    {
      name: "seed",
      value: "n",
      whole: { least: 0, most: 2 ** 32 - 1 },
      default: 1,
      help: "the same seed and size give the same map",
    },
    { name: "overwrite", help: "replace files that exist" },
  ],
  examples: ["bigsf sample", "bigsf sample big --size 1800x10000 --seed 7"],
  async run(given, terminal) {
    const { height, width } = readSize(given.size);
    const seed = given.seed;
    const folder = given.folder;
    const progress = startProgress(terminal, { title: "Making up", unit: "rows", total: height });
    const paths = await interruptible((signal) =>
      writeSample({
        folder,
        height,
        width,
        seed,
        overwrite: given.overwrite,
        onRows: progress.update,
        signal,
      }),
    ).finally(progress.end);
    terminal.out(`${Object.values(paths).map(pathText).join("\n")}\n`);
    return 0;
  },
});

function readSize(text: string): { height: number; width: number } {
  const [, rows, columns] = /^(\d+)[x×](\d+)$/i.exec(text.trim()) ?? [];
  const [height, width] = [Number(rows), Number(columns)];
  if (height >= 1 && width >= 1 && height <= LONGEST_SIDE && width <= LONGEST_SIDE) return { height, width };
  throw new BigsfError(
    "OUTPUT",
    `--size ${text}: expected rows x columns from 1 to 1,000,000, such as ${DEFAULT_SIZE}.`,
  );
}
