/** Threads that read samples, as the `data` of an experiment says. */
import { type Infer, int, schema, within } from "@ml-mosaic/configurable";
import { SampleThreads } from "@ml-mosaic/tensor";

/** The options of data that can be read in other threads. What is trained does not depend on them. */
export function threadOptions(numWorkers: number) {
  return {
    num_workers: schema(within(int, { minimum: 0 }), {
      default: numWorkers,
      help: "Threads that read samples while others are trained on; 0: the thread that trains reads them",
    }),
    prefetch_factor: schema(within(int, { minimum: 1 }), {
      default: 2,
      help: "Pieces of an epoch that each of these threads has ready or in work",
    }),
  };
}

/** Threads that the loaders of all parts share; `close` of the data ends them. */
export function sampleThreads(options: Infer<ReturnType<typeof threadOptions>>): SampleThreads {
  return new SampleThreads({ numWorkers: options.num_workers, prefetchFactor: options.prefetch_factor });
}
