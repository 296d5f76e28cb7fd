/** The losses that configurations can name without importing anything. */
import "./bce.ts";
import "./bce-dice.ts";
import "./brier.ts";
import "./cldice.ts";
import "./dice.ts";
import "./focal.ts";
import "./skeleton-recall.ts";
import "./tversky.ts";
