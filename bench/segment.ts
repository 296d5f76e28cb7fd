/**
 * Time of segmenting a map of 1,000 x 1,000 pixels, from the FITS file to the written results, as a ratio to that of a
 * plain loop in PyTorch with numpy and astropy, in the same run: the same U-Net and batches, one thread each. Then a
 * larger map, for memory.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createFits, makeHeader, openFits } from "@ml-mosaic/fits";
import { Generator, randn, writeSafetensors } from "@ml-mosaic/tensor";
import { BaseModel } from "@ml-mosaic/training";
import "../packages/bigsf/src/models/built-in.ts";
import { startOwnScript, startTorchScript } from "./peers.ts";

const rounds = 5;
const limit = 1.3;
const memoryLimitMegabytes = 600;
const features = 16;
const blocks = 4;

async function writeMap(path: string, height: number, width: number): Promise<void> {
  const generator = new Generator(1);
  await using writer = await createFits(path);
  const header = makeHeader({ BUNIT: "cm-2", CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CDELT1: -0.003, CDELT2: 0.003 });
  const rows = await writer.startImage({ shape: [height, width], type: "float32", header });
  for (let y = 0; y < height; y++) {
    const noise = await randn([width], { generator }).data();
    await rows.write(
      Float32Array.from({ length: width }, (_, x) =>
        y < 5 ? Number.NaN : 1e21 * (3 + Math.sin(x / 31) * Math.cos(y / 17) + 0.2 * Number(noise[x])),
      ),
    );
  }
  await rows.end();
  await writer.close();
}

/** A snapshot as a Trainer writes it, of weights that nobody trained: time does not depend on them. */
async function writeSnapshot(path: string): Promise<void> {
  const config = { type: "unet", features, num_blocks: blocks };
  const model = BaseModel.fromConfig(config).initialize(new Generator(0));
  const state = new Map(Array.from(model.stateDict(), ([name, entry]) => [`MODEL_STATE/${name}`, entry]));
  await writeSafetensors(path, state, {
    MODEL_CONFIG: JSON.stringify(config),
    GLOBAL_CONFIG: JSON.stringify({ imports: [] }),
    DATA_INFO: JSON.stringify({ patch_size: 32, normalization: "minmax" }),
    TRAIN_INFO: JSON.stringify({ epoch: 0, step: 0, scheduler: {}, earlyStopping: {} }),
  });
}

/** How far our probabilities are from PyTorch's. */
async function compare(own: string, other: string): Promise<string> {
  const read = async (path: string) => {
    await using file = await openFits(path);
    return (await file.image().as("float32").read()).data;
  };
  const [ours, theirs] = [await read(own), await read(other)];
  let furthest = 0;
  let undefinedInOne = 0;
  for (const [i, value] of ours.entries()) {
    const other = theirs[i] ?? Number.NaN;
    if (Number.isNaN(value) !== Number.isNaN(other)) undefinedInOne++;
    else if (!Number.isNaN(value)) furthest = Math.max(furthest, Math.abs(value - other));
  }
  if (furthest > 1e-4 || undefinedInOne > 0) process.exitCode = 1;
  return `probabilities differ by at most ${furthest.toExponential(1)}, ${undefinedInOne} pixels are NaN in one only`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const folder = mkdtempSync(join(tmpdir(), "bench-segment-"));
try {
  const weights = join(folder, "snapshot.safetensors");
  await writeSnapshot(weights);
  const [ours, torch] = await Promise.all([startOwnScript("segment-peer.ts"), startTorchScript("segment_torch.py")]);
  console.log(
    `${cpus()[0]?.model}, ${ours.version}, PyTorch ${torch.version}; medians of ${rounds} rounds, alternating`,
  );
  const map = join(folder, "map.fits");
  await writeMap(map, 1000, 1000);
  for (const batchSize of [16, 64]) {
    const question = { map, weights, output: folder, patchSize: 32, overlap: 16, batchSize, features, blocks };
    const pairs: (readonly [number, number])[] = [];
    let memory = "";
    for (let round = 0; round < rounds; round++) {
      const own = await ours.ask({ ...question, output: join(folder, `${batchSize}-${round}`) });
      const other = await torch.ask(question);
      pairs.push([Number(own.seconds), Number(other.seconds)]);
      memory = `${Number(own.megabytes).toFixed(0)} / ${Number(other.megabytes).toFixed(0)} MB`;
    }
    const ratio = median(pairs.map(([own, other]) => own / other));
    if (!(ratio <= limit)) process.exitCode = 1;
    const [own, other] = [median(pairs.map(([each]) => each)), median(pairs.map(([, each]) => each))];
    console.log(
      `1,000 x 1,000 pixels, batches of ${batchSize}: ${own.toFixed(2)} s  PyTorch ${other.toFixed(2)} s  ratio ${ratio.toFixed(2)} (limit ${limit})  memory ${memory}`,
    );
  }
  ours.close();
  torch.close();
  console.log(await compare(join(folder, "64-0", "probability.fits"), join(folder, "torch_probability.fits")));

  const large = join(folder, "large.fits");
  await writeMap(large, 1800, 4000);
  const fresh = await startOwnScript("segment-peer.ts");
  const question = { map: large, weights, output: join(folder, "large"), patchSize: 32, overlap: 16, batchSize: 16 };
  const { seconds, megabytes } = await fresh.ask(question);
  fresh.close();
  if (Number(megabytes) > memoryLimitMegabytes) process.exitCode = 1;
  console.log(
    `4,000 x 1,800 pixels: ${Number(seconds).toFixed(1)} s, ${Number(megabytes).toFixed(0)} MB (limit ${memoryLimitMegabytes})`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
