import type { PatchSource } from "../src/patches/patch-source.ts";

/** All patches of a source, with what there is to say of their places. */
export async function patchesOf(source: PatchSource) {
  const size = source.length * source.patchSize ** 2;
  const into = {
    patches: new Float32Array(source.channels * size),
    spines: new Float32Array(size),
    labelled: new Float32Array(size),
  };
  await source.read(
    Int32Array.from({ length: source.length }, (_, patch) => patch),
    into,
  );
  return { ...into, positions: source.positions, shape: source.maps[0]?.shape };
}
