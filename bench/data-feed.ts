/**
 * What it costs to read a data set that gives its samples one by one, as `__getitem__` of PyTorch's does, as a ratio to PyTorch's
 * `DataLoader` in the same run: processor time of an epoch that is looked at batch by batch, one thread each, the same
 * samples and batches. As users write it: a place of a tensor, the same asynchronously, an array, and a sample that is computed.
 */
import { cpus } from "node:os";
import { startOwnScript, startTorchScript } from "./peers.ts";

const rounds = 5;
const limit = 1;
/** Of computing a sample: in PyTorch an operation starts at once, here it is a program for the runtime. */
const computedLimit = 20;

const kinds = ["select", "asynchronous select", "asynchronous array", "computed"] as const;

const [ours, torch] = await Promise.all([startOwnScript("feed-peer.ts"), startTorchScript("feed_torch.py")]);
console.log(`${cpus()[0]?.model.trim()}, ${ours.version}, PyTorch ${torch.version}, 2,000 samples in batches of 32`);
for (const shape of [[16], [784], [3, 32, 32]]) {
  for (const kind of kinds) {
    let [own, other] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < rounds; round++) {
      own = Math.min(own, Number((await ours.ask({ shape, kind })).milliseconds));
      other = Math.min(other, Number((await torch.ask({ shape, kind })).milliseconds));
    }
    const ratio = own / other;
    const isMet = ratio <= (kind === "computed" ? computedLimit : limit);
    if (!isMet) process.exitCode = 1;
    const figures = `${own.toFixed(1)} ms an epoch, PyTorch ${other.toFixed(1)} ms: ${ratio.toFixed(2)}`;
    console.log(`[${shape}] ${kind}: ${figures}${isMet ? "" : " (above its limit)"}`);
  }
}
ours.close();
torch.close();
