import { messageOf } from "@ml-mosaic/base";
import { platform } from "#platform";
import { TensorError } from "../errors.ts";

/** Writes a file that appears when it is complete. */
export async function writeWhole(path: string, content: Uint8Array | Iterable<Uint8Array>): Promise<void> {
  try {
    await platform.replaceFile(path, content);
  } catch (cause) {
    throw new TensorError("TENSOR_FILE", messageOf(cause), { cause });
  }
}
