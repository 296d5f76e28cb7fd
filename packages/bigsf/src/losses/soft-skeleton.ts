import { functional, type Tensor } from "@ml-mosaic/tensor";

/**
 * What is left in the middle of bright ridges, by smallest and largest values of neighbours (Shit et al. 2021): a skeleton
 * that has a gradient. What lies beyond the edges counts for nothing.
 *
 * @param images [batch, 1, height, width], between 0 and 1
 * @param iterations how often the ridges are made thinner: half of their width in pixels
 */
export function softSkeleton(images: Tensor, iterations: number): Tensor {
  let eroded = images;
  let skeleton = thinnerThanOpened(eroded);
  for (let iteration = 0; iteration < iterations; iteration++) {
    eroded = erode(eroded);
    const more = thinnerThanOpened(eroded);
    skeleton = skeleton.add(more.sub(skeleton.mul(more)).relu());
  }
  return skeleton;
}

/** What vanishes when everything thin is taken off. */
function thinnerThanOpened(images: Tensor): Tensor {
  return images.sub(dilate(erode(images))).relu();
}

/** The smallest of a pixel and its four neighbours. */
function erode(images: Tensor): Tensor {
  const darkness = images.neg();
  const alongRows = functional.maxPool2d(darkness, [1, 3], { stride: 1, padding: [0, 1] });
  const alongColumns = functional.maxPool2d(darkness, [3, 1], { stride: 1, padding: [1, 0] });
  return alongRows.maximum(alongColumns).neg();
}

/** The largest of a pixel and its eight neighbours. */
function dilate(images: Tensor): Tensor {
  return functional.maxPool2d(images, 3, { stride: 1, padding: 1 });
}
