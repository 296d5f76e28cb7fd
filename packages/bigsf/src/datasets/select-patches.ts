import { type PatchSource, roomFor } from "../patches/patch-source.ts";

/** Those of the patches whose first row and column are multiples of `stride`. */
export function onGrid(
  indices: Int32Array<ArrayBuffer>,
  { positions }: Pick<PatchSource, "positions">,
  stride: number,
): Int32Array<ArrayBuffer> {
  if (stride === 1) return indices;
  return indices.filter(
    (patch) => (positions[2 * patch] ?? 0) % stride === 0 && (positions[2 * patch + 1] ?? 0) % stride === 0,
  );
}

/** Those of the patches whose target has more than one value. */
export async function withMixedTarget(
  indices: Int32Array<ArrayBuffer>,
  source: Pick<PatchSource, "mixedTargets">,
): Promise<Int32Array<ArrayBuffer>> {
  const mixed = await source.mixedTargets();
  return indices.filter((patch) => mixed[patch] === 1);
}

/** How many patches are looked at in one go. */
const blockLength = 256;

/** Whether some pixel of the patches is labelled and on a filament. Looks here and there first, and at all only if need be. */
export async function hasPositives(
  indices: Int32Array,
  source: Pick<PatchSource, "patchSize" | "channels" | "read">,
): Promise<boolean> {
  const pixels = source.patchSize ** 2;
  const room = roomFor(source, blockLength);
  const { spines, labelled } = room;
  const step = Math.ceil(indices.length / blockLength);
  for (let first = 0; first < step; first++) {
    const some = Int32Array.from(
      { length: Math.ceil((indices.length - first) / step) },
      (_, place) => indices[first + place * step] ?? 0,
    );
    await source.read(some, room);
    for (let at = 0; at < some.length * pixels; at++) {
      if ((spines[at] ?? 0) > 0 && (labelled[at] ?? 0) > 0) return true;
    }
  }
  return false;
}
