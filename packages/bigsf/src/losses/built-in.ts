/** The losses that configurations can name without importing anything. */
import { register } from "@ml-mosaic/configurable";
import { BceLoss } from "./bce.ts";
import { BceDiceLoss } from "./bce-dice.ts";
import { DiceLoss } from "./dice.ts";
import { FocalLoss } from "./focal.ts";
import { TverskyLoss } from "./tversky.ts";

register(BceLoss, DiceLoss, BceDiceLoss, FocalLoss, TverskyLoss);
