import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A worker whose runs have left so much behind is replaced. */
const mostGrowthBytes = 100e6;
/** Looking takes a tenth of what a run of one step takes. */
const lookMilliseconds = 100;

/** Whether what runs leave behind has grown since the first one, which leaves what all need. */
export class MemoryWatch {
  readonly #read: () => NodeJS.MemoryUsage;
  #first: number | undefined;
  #looked = Number.NEGATIVE_INFINITY;

  constructor(read = () => process.memoryUsage()) {
    this.#read = read;
  }

  hasGrown(now = performance.now()): boolean {
    if (now - this.#looked < lookMilliseconds) return false;
    this.#looked = now;
    this.#first ??= this.#bytesInUse();
    if (this.#bytesInUse() - this.#first <= mostGrowthBytes) return false;
    // Much of it may be garbage that nothing has asked to be collected.
    collectGarbage();
    return this.#bytesInUse() - this.#first > mostGrowthBytes;
  }

  /** Without what V8 keeps for later. */
  #bytesInUse(): number {
    const { rss, heapTotal, heapUsed } = this.#read();
    return rss - heapTotal + heapUsed;
  }
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
}
