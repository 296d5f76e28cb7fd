/** The augmentations that configurations can name without importing anything. */
import "./noise.ts";
import "./random-flips.ts";
import "./random-rotation.ts";
