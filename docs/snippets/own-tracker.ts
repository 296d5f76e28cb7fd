import { appendFile } from "node:fs/promises";
import { configurable, path, register, schema } from "@ml-mosaic/configurable";
import { BaseTracker, type EpochRecord } from "@ml-mosaic/training";

class JsonLines extends configurable({ file: schema(path) }, BaseTracker) {
  static override readonly aliases = ["json_lines"];
  override start(): void {}
  override async epoch(epoch: EpochRecord): Promise<void> {
    await appendFile(this.file, `${JSON.stringify(epoch)}\n`);
  }
  override end(): void {}
}
register(JsonLines);
