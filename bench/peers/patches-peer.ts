/** Our side of bench/preprocess.ts: answers questions on its standard input, one a line. */
import { createInterface } from "node:readline";
import { openFitsPatches } from "../../packages/bigsf/src/patches/fits-patches.ts";
import { Preprocessing } from "../../packages/bigsf/src/patches/preprocessing.ts";

interface Question {
  readonly maps: {
    readonly image: string;
    readonly target: string;
    readonly missing: string;
    readonly background: string;
  };
  readonly patch_size: number;
  readonly stride: number;
  /** A gzip level writes patches.h5 into the folder; without one, all patches are read once straight from FITS. */
  readonly level?: number;
  readonly output?: string;
}

/** All that `bigsf preprocess` does: digests, the scan, the picture, the file. */
async function write({ maps, patch_size, stride, level, output }: Question): Promise<number> {
  const config = { ...maps, patch_size, stride, compression: level, output, overwrite: true };
  const result = await Preprocessing.fromConfig(config).run();
  return result.kind === "written" ? result.maps.reduce((sum, { plan }) => sum + plan.kept, 0) : Number.NaN;
}

async function read({ maps, patch_size: patchSize, stride }: Question): Promise<number> {
  const source = await openFitsPatches({ maps: [maps], patchSize, stride, normalization: "minmax" });
  const batch = 64;
  const pixels = batch * patchSize * patchSize;
  const into = {
    patches: new Float32Array(pixels),
    spines: new Float32Array(pixels),
    labelled: new Float32Array(pixels),
  };
  for (let start = 0; start < source.length; start += batch) {
    const length = Math.min(batch, source.length - start);
    await source.read(
      Int32Array.from({ length }, (_, i) => start + i),
      into,
    );
  }
  await source.close();
  return source.length;
}

console.log(JSON.stringify({ version: `Node ${process.versions.node}` }));
for await (const line of createInterface({ input: process.stdin })) {
  const question: Question = JSON.parse(line);
  const started = performance.now();
  const count = await (question.level === undefined ? read(question) : write(question));
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ count, seconds, megabytes: (process.resourceUsage().maxRSS * 1024) / 1e6 }));
}
