/** The augmentations that configurations can name without importing anything. */
import { register } from "@ml-mosaic/configurable";
import { Noise } from "./noise.ts";
import { RandomHorizontalFlip, RandomVerticalFlip } from "./random-flips.ts";
import { RandomRotation } from "./random-rotation.ts";

register(RandomRotation, RandomHorizontalFlip, RandomVerticalFlip, Noise);
