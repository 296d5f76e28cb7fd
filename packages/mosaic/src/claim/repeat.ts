import { errorCode } from "@ml-mosaic/base";

/** One call after the other, each so long after the last; what the file system refuses now is told once, and tried again. */
export function repeat(work: () => Promise<void>, milliseconds: number, onTrouble: (error: unknown) => void) {
  let isStopped = false;
  let isTold = false;
  let running = Promise.resolve();
  const once = async () => {
    try {
      await work();
      isTold = false;
    } catch (error) {
      if (!isTold && errorCode(error) !== "ENOENT") onTrouble(error);
      isTold = true;
    }
    if (!isStopped) timer = later();
  };
  const later = () =>
    setTimeout(() => {
      running = once();
    }, milliseconds);
  let timer = later();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
