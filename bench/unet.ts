/**
 * Processor time of a training step of BigSF's U-Net (bce_dice over labelled pixels, Adam), as a ratio to PyTorch's in the same
 * run, both on one thread, and each side's peak memory. An argument picks the cases whose name contains it.
 */
import { cpus } from "node:os";
import { startOwnScript, startTorchScript } from "./peers.ts";

/** A case as both sides read it. */
export interface UNetCase {
  readonly batch: number;
  readonly patch: number;
  readonly features: number;
  readonly blocks: number;
  /** Steps timed together. */
  readonly steps: number;
}

const rounds = 5;
const limit = 1;

const usual = { features: 16, blocks: 4 };
const cases: readonly UNetCase[] = [
  { ...usual, patch: 32, batch: 16, steps: 12 },
  { ...usual, patch: 32, batch: 64, steps: 4 },
  { ...usual, patch: 64, batch: 16, steps: 4 },
  { ...usual, patch: 64, batch: 64, steps: 2 },
  { features: 32, blocks: 4, patch: 32, batch: 16, steps: 4 },
  { features: 64, blocks: 4, patch: 32, batch: 16, steps: 2 },
  { features: 8, blocks: 3, patch: 32, batch: 16, steps: 30 },
];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const nameOf = ({ features, blocks, patch, batch }: UNetCase) =>
  `${features} features, ${blocks} blocks, ${batch} x ${patch} x ${patch}`;

const wanted = process.argv[2] ?? "";
let isFirst = true;
for (const each of cases.filter((one) => nameOf(one).includes(wanted))) {
  // New processes for each case: peak memory is the process's.
  const [ours, torch] = await Promise.all([startOwnScript("unet-peer.ts"), startTorchScript("unet_torch.py")]);
  if (isFirst)
    console.log(
      `${cpus()[0]?.model}, ${ours.version}, PyTorch ${torch.version}; medians of ${rounds} rounds, alternating`,
    );
  isFirst = false;
  const times: (readonly [own: number, other: number])[] = [];
  let memory: readonly unknown[] = [];
  for (let round = 0; round < rounds; round++) {
    const [own, other] = [await ours.ask(each), await torch.ask(each)];
    times.push([Number(own.microseconds) / 1000, Number(other.microseconds) / 1000]);
    memory = [own.megabytes, other.megabytes];
  }
  ours.close();
  torch.close();
  const ratio = median(times.map(([own, other]) => own / other));
  if (!(ratio <= limit)) process.exitCode = 1;
  console.log(
    [
      nameOf(each).padEnd(38),
      `${median(times.map(([own]) => own)).toFixed(1)} ms`.padStart(10),
      `  PyTorch ${`${median(times.map(([, other]) => other)).toFixed(1)} ms`.padStart(10)}`,
      `  ratio ${ratio.toFixed(2)} (limit ${limit})`,
      `  memory ${memory.map((size) => Number(size).toFixed(0)).join(" / ")} MB`,
    ].join(""),
  );
}
