import { refine, string, type Type } from "@ml-mosaic/configurable";
import { parseDevice } from "@ml-mosaic/tensor";

/** `cpu`, `webgpu`, `cuda:0`… Whether there is one shows only when it is used. */
export const deviceName: Type<string> = refine(string, "a device: cpu, webgpu, cuda:0, cuda:1…", isDevice);

function isDevice(text: string): boolean {
  try {
    parseDevice(text);
    return true;
  } catch {
    return false;
  }
}
