/** Registers everything that configurations can name without importing anything. */
import "./datasets/augmentations/built-in.ts";
import "./datasets/patches-data.ts";
import "./losses/built-in.ts";
import "./metrics/built-in.ts";
import "./models/built-in.ts";
