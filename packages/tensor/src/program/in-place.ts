/** The form of a loop for the processor where much is carried: a run for each step, which writes what is carried over itself. */
import { allocate, type TypedArray } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { createSession } from "../runtime/session.ts";
import { type InPlaceModel, permission, writeInPlace } from "./in-place-model.ts";
import type { Executable, LoopFeeds, LoopGraph, NamedFeed } from "./loop.ts";
import { byName, latestModels, outputName } from "./onnx-step.ts";

/**
 * Of more elements, 8 MB, what is carried is written over itself. A Scan holds it three times, of which one is copied at its end, and
 * takes less time to begin a step than a run: that counts where steps are small, and so for less that is carried.
 */
const mostInScan = 2 ** 21;

export function carriesMuch({ carried }: LoopGraph): boolean {
  return carried.reduce((sum, { tensor }) => sum + tensor.numel, 0) > mostInScan;
}

const modelOf = latestModels<InPlaceModel>();

/** The same computation as `compileScan`, with the same bits. */
export async function compileInPlace(graph: LoopGraph, channelBlock: number, threads: number): Promise<Executable> {
  const model = modelOf(graph, () => writeInPlace(graph, channelBlock));
  const session = await createSession(model.model, model.bytes, { nodes: model.nodes, threads });
  return {
    async run(feeds) {
      const places = placesOf(graph, model, feeds);
      await session.runEach(runsOf(feeds, places));
      return (index) => places.last(index);
    },
    release: () => session.release(),
  };
}

interface Places {
  /** What a step begins with, and where its results go. */
  at(step: number): { readonly state: readonly NamedFeed[]; readonly into: readonly NamedFeed[] };
  last(index: number): TypedArray | undefined;
}

function placesOf(
  { results }: LoopGraph,
  { shapes, isInPlace }: InPlaceModel,
  { carried, steps, overwrite = false }: LoopFeeds,
): Places {
  const feedOf = (index: number, data: TypedArray): NamedFeed => {
    const { dtype } = elementAt(results, index);
    return { name: outputName(index), data, shape: elementAt(shapes, index), dtype };
  };
  // What cannot be written over itself goes to and fro between two places.
  const pairs = carried.map(({ data }, index): readonly [TypedArray, TypedArray] => {
    const own = overwrite ? data : data.slice();
    const { dtype, numel } = elementAt(results, index);
    return [own, elementAt(isInPlace, index) ? own : allocate(dtype, numel)];
  });
  const collected = results.slice(carried.length).map(({ dtype, numel }) => allocate(dtype, steps * numel));
  const state = (step: number) => pairs.map((pair) => elementAt(pair, step % 2));
  return {
    at: (step) => ({
      state: state(step).map((data, index) => ({ ...elementAt(carried, index), data })),
      into: [...state(step + 1), ...collected.map((data) => rowOf(data, step, steps))].map((data, index) =>
        feedOf(index, data),
      ),
    }),
    last: (index) => (index < carried.length ? state(steps)[index] : collected[index - carried.length]),
  };
}

const mayWrite: NamedFeed = { ...permission, data: Uint8Array.of(1), shape: [], dtype: "bool" };

function* runsOf({ fixed, perStep, steps }: LoopFeeds, places: Places) {
  for (let step = 0; step < steps; step++) {
    const { state, into } = places.at(step);
    const now = perStep.map(({ data, shape: [, ...shape], ...feed }) => ({
      ...feed,
      shape,
      data: rowOf(data, step, steps),
    }));
    yield { feeds: byName([...fixed, ...state, ...now, mayWrite]), into: byName(into) };
  }
}

/** One step's elements of an array that has the same number of each. */
function rowOf(data: TypedArray, step: number, steps: number): TypedArray {
  const size = data.length / steps;
  return data.subarray(step * size, (step + 1) * size);
}
