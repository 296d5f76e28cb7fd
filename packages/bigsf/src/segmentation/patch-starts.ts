import { BigsfError } from "../errors.ts";

/**
 * First pixels of the patches along an axis: every `stride` pixels, the last one moved back to end where the axis ends,
 * so that every pixel is in a patch.
 *
 * @throws BigsfError `MAP` where the axis is shorter than a patch
 */
export function patchStarts(length: number, patchSize: number, stride: number): readonly number[] {
  const last = length - patchSize;
  if (last < 0) throw new BigsfError("MAP", `an axis of ${length} pixels has no room for patches of ${patchSize}`);
  const whole = Array.from({ length: Math.floor(last / stride) + 1 }, (_, index) => index * stride);
  return last % stride === 0 ? whole : [...whole, last];
}
