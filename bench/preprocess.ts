/**
 * From maps to patches, beside the same rules in vectorised numpy and h5py, one thread each: the filaments crop at stride
 * 1, and what a large synthetic map takes in memory and time under each filter. Debian's python3-h5py and python3-astropy.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import type { MapPaths } from "../packages/bigsf/src/maps/maps.ts";
import { chunkLength } from "../packages/bigsf/src/patches/patch-file-layout.ts";
import { writeSample } from "../packages/bigsf/src/sample/write-sample.ts";
import { type AnsweringProcess, startOwnScript, startTorchScript } from "./peers.ts";

const rounds = 5;
const level = 4;
const writingLimit = 1.5;
const readingLimit = 1;
const memoryLimitMegabytes = 500;
const large = { height: 1800, width: 10_000, stride: 8, levels: [0, 1, 4, 9] } as const;

const crop = new URL("../../shared/data/filaments/", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "bench-preprocess-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const mapsIn = (place: string): MapPaths => ({
  image: join(place, "image.fits"),
  target: join(place, "target.fits"),
  missing: join(place, "missing.fits"),
  background: join(place, "background.fits"),
});

interface Answer {
  readonly count: number;
  readonly seconds: number;
  readonly megabytes: number;
}

async function ask(peer: AnsweringProcess, question: object): Promise<Answer> {
  const { count, seconds, megabytes } = await peer.ask(question);
  return { count: Number(count), seconds: Number(seconds), megabytes: Number(megabytes) };
}

console.log(`${cpus()[0]?.model}, ${cpus().length} cores`);
let failed = false;
const verdict = (right: boolean) => {
  if (!right) failed = true;
  return right ? "ok" : "FAILED";
};

async function compareCrop(): Promise<void> {
  // Where the crop is not there, a map of its size.
  const maps = existsSync(join(crop, "image.fits"))
    ? mapsIn(crop)
    : await writeSample({ folder: join(folder, "crop"), height: 200, width: 200, seed: 1 });
  const numpy = await startTorchScript("patches_numpy.py");
  const ours = await startOwnScript("patches-peer.ts");
  console.log(`${ours.version}; ${numpy.version}\n`);
  const question = { maps, patch_size: 32, stride: 1 };
  const fastest = {
    numpy: Number.POSITIVE_INFINITY,
    written: Number.POSITIVE_INFINITY,
    read: Number.POSITIVE_INFINITY,
  };
  const counts = new Set<number>();
  mkdirSync(join(folder, "ours"));
  // Taken in turn, so that what else the machine does hits all alike; the first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const theirs = await ask(numpy, { ...question, level, chunk: chunkLength(32), output: join(folder, "numpy.h5") });
    const written = await ask(ours, { ...question, level, output: join(folder, "ours") });
    const read = await ask(ours, question);
    rmSync(join(folder, "ours", "patches.h5"));
    for (const { count } of [theirs, written, read]) counts.add(count);
    if (round === 0) continue;
    fastest.numpy = Math.min(fastest.numpy, theirs.seconds);
    fastest.written = Math.min(fastest.written, written.seconds);
    fastest.read = Math.min(fastest.read, read.seconds);
  }
  numpy.close();
  ours.close();
  if (counts.size !== 1) throw new Error(`the sides disagree: ${[...counts].join(", ")} patches`);
  const line = (name: string, seconds: number, limit: number) => {
    const ratio = seconds / fastest.numpy;
    const shown = `${ratio.toFixed(2)} of its time (at most ${limit.toFixed(2)})  ${verdict(ratio <= limit)}`;
    console.log(`${name.padEnd(44)} ${seconds.toFixed(2)} s  ${shown}`);
  };
  console.log(`${[...counts][0]} patches of 32 x 32 at stride 1, gzip ${level}; the fastest of ${rounds}`);
  console.log(`${"numpy and h5py".padEnd(44)} ${fastest.numpy.toFixed(2)} s`);
  line("bigsf preprocess, with picture and digests", fastest.written, writingLimit);
  line("all patches once, straight from FITS", fastest.read, readingLimit);
}

async function measureLarge(): Promise<void> {
  const { height, width, stride, levels } = large;
  console.log(
    `\n${height} x ${width} pixels at stride ${stride}, patches of 32 x 32; at most ${memoryLimitMegabytes} MB of memory`,
  );
  const maps = await writeSample({ folder: join(folder, "large"), height, width, seed: 1 });
  const output = join(folder, "large-patches");
  const row = (name: string, { count, seconds, megabytes }: Answer, bytes: number | undefined) => {
    const speed = (count * 3 * 4 * 32 * 32) / 1e6 / seconds;
    const size = bytes === undefined ? "".padStart(13) : `${(bytes / 1e6).toFixed(0).padStart(5)} MB file`;
    // What is read straight from FITS stays in memory as far as the cache goes, 268 MB.
    const right = bytes === undefined ? "" : verdict(megabytes < memoryLimitMegabytes);
    console.log(
      `${name.padEnd(20)} ${count} patches  ${seconds.toFixed(1).padStart(6)} s  ${speed.toFixed(0).padStart(5)} MB/s  ${size}  ${megabytes.toFixed(0)} MB of memory  ${right}`,
    );
  };
  for (const each of [...levels, undefined]) {
    // A process each, since its largest memory is asked for.
    const ours = await startOwnScript("patches-peer.ts");
    const question = { maps, patch_size: 32, stride };
    if (each === undefined) row("straight from FITS", await ask(ours, question), undefined);
    else {
      const answer = await ask(ours, { ...question, level: each, output });
      row(each === 0 ? "no filter" : `gzip ${each}`, answer, statSync(join(output, "patches.h5")).size);
      rmSync(join(output, "patches.h5"));
    }
    ours.close();
  }
}

await compareCrop();
await measureLarge();
process.exitCode = failed ? 1 : 0;
