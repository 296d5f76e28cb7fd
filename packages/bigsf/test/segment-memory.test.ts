import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createFits } from "@ml-mosaic/fits";
import { afterAll, expect, test } from "vitest";
import { readPixels, SegmentWorkspace } from "./segment-workspace.ts";

const workspace = new SegmentWorkspace();
afterAll(() => workspace.remove());
const script = new URL("./segment-memory-process.ts", import.meta.url).pathname;

/** Writes a map of filaments that run all over it, with some NaN. */
async function writeMap(path: string, height: number, width: number): Promise<void> {
  await using writer = await createFits(path);
  const rows = await writer.startImage({ shape: [height, width], type: "float32" });
  for (let y = 0; y < height; y++) {
    await rows.write(
      Float32Array.from({ length: width }, (_, x) =>
        x % 97 === y % 89 ? Number.NaN : 1e21 * (2 + Math.sin((x + y) / 11) + Math.cos((x - 2 * y) / 37)),
      ),
    );
  }
  await rows.end();
  await writer.close();
}

// There is no /proc elsewhere.
test.skipIf(process.platform !== "linux")(
  "memory is that of some rows: a map of 4,000 x 1,800 stays under 600 MB",
  async () => {
    const maps = await workspace.sample("sample", 64, 64);
    const model = { type: "unet", features: 4, num_blocks: 2 };
    const snapshot = await workspace.train("run", maps, { model });
    const peak = async (name: string, height: number, width: number) => {
      const source = workspace.path(`${name}.fits`);
      await writeMap(source, height, width);
      const config = workspace.config(name, { model_snapshot: snapshot, source, batch_size: 64, patch_size: 32 });
      const node = ["--disable-warning=ExperimentalWarning", script, config];
      const { stdout } = await promisify(execFile)(process.execPath, node);
      expect((await readPixels(workspace.path(name, "mask.fits"))).shape).toEqual([height, width]);
      return Number(stdout);
    };
    const large = await peak("large", 1800, 4000);
    expect(large).toBeLessThan(600);
    // All of it, as float64, would be 58 MB and its results 36 MB more.
    expect(large - (await peak("low", 100, 4000))).toBeLessThan(100);
  },
  120_000,
);
