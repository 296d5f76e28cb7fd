/** Skeletons of masks: lines of one pixel in the middle of what is wide. */

/**
 * When a pixel is removed, by its neighbours: bit 0 north-west, then clockwise. 1 in the first half of a pass, 2 in the
 * second, 3 in both. They are Zhang and Suen's (Communications of the ACM 27, 1984) as scikit-image's `skeletonize` has
 * them, which also takes off the corners of stairs: the references of clDice and skeleton recall are computed with it.
 */
const removals = Uint8Array.from(
  [
    "0001001300311013000000002020303300000000300000000000000020003022",
    "0000000000000000000000000000000020000000200020003000000030003020",
    "0031001300000001000000000000000131000000000000002000000000000000",
    "2313001300000001000000000000000023010001000000003301000022002000",
  ].join(""),
  Number,
);

/**
 * The skeleton of what is above 0; nothing is beyond the edges.
 *
 * @param mask [height, width]
 * @returns 1 on the skeleton, else 0
 */
export function skeletonize(mask: ArrayLike<number>, width: number): Uint8Array<ArrayBuffer> {
  const height = width === 0 ? 0 : mask.length / width;
  const row = width + 2;
  const padded = new Uint8Array(row * (height + 2));
  let there: number[] = [];
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (!((mask[pixel] ?? 0) > 0)) continue;
    const place = row * (Math.floor(pixel / width) + 1) + (pixel % width) + 1;
    padded[place] = 1;
    there.push(place);
  }
  const neighbours = [-row - 1, -row, -row + 1, 1, row + 1, row, row - 1, -1];
  const removalOf = (place: number) =>
    removals[neighbours.reduce((code, by, bit) => code | ((padded[place + by] ?? 0) << bit), 0)] ?? 0;
  for (let before = -1; before !== there.length; ) {
    before = there.length;
    for (const half of [1, 2]) {
      const removed = there.filter((place) => (removalOf(place) & half) !== 0);
      for (const place of removed) padded[place] = 0;
      there = there.filter((place) => padded[place] === 1);
    }
  }
  const skeleton = new Uint8Array(mask.length);
  for (const place of there) skeleton[width * (Math.floor(place / row) - 1) + (place % row) - 1] = 1;
  return skeleton;
}

/**
 * The skeleton made wider, two pixels to every side along rows and columns, as far as the mask goes: what skeleton
 * recall looks at (Kirchhoff et al. 2024).
 */
export function tubedSkeleton(mask: ArrayLike<number>, width: number): Uint8Array<ArrayBuffer> {
  const tube = widened(widened(skeletonize(mask, width), width), width);
  return tube.map((inside, pixel) => ((mask[pixel] ?? 0) > 0 ? inside : 0));
}

function widened(mask: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  return mask.map((inside, pixel) => {
    const column = pixel % width;
    const beside = (column > 0 ? (mask[pixel - 1] ?? 0) : 0) | (column < width - 1 ? (mask[pixel + 1] ?? 0) : 0);
    return inside | beside | (mask[pixel - width] ?? 0) | (mask[pixel + width] ?? 0);
  });
}
