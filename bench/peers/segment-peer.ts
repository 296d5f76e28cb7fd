/** Our side of bench/segment.ts: reads one case a line, answers as peers/segment_torch.py does. */
import { createInterface } from "node:readline";
import { Segmentation } from "../../packages/bigsf/src/segmentation/segmentation.ts";

console.log(JSON.stringify({ version: `node ${process.versions.node}` }));
for await (const line of createInterface({ input: process.stdin })) {
  const { map, weights, output, patchSize, overlap, batchSize }: Record<string, string | number> = JSON.parse(line);
  const start = performance.now();
  const result = await Segmentation.fromConfig({
    model_snapshot: weights,
    source: map,
    output,
    patch_size: patchSize,
    overlap,
    batch_size: batchSize,
    threads: 1,
    overwrite: true,
  }).run();
  if (result.kind === "reused") throw new Error("the results of an earlier case are there still");
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ seconds, megabytes: process.resourceUsage().maxRSS / 1024 }));
}
