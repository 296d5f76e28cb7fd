import { type Device, parseDevice } from "@ml-mosaic/tensor";

/** The engine's device for one of `gpu_available`; `cpu:0`, `cpu:1`… are shares of the processor. */
export function engineDevice(name: string): Device {
  return /^cpu:\d+$/.test(name) ? "cpu" : parseDevice(name);
}
