/** Importing this package registers its components: models, data, losses, augmentations, encoders of positions. */
import "./components.ts";

export { Augmentation } from "./datasets/augmentations/augmentation.ts";
export { type FoldedPatches, PatchesData } from "./datasets/patches-data.ts";
export { BigsfError, type BigsfErrorCode } from "./errors.ts";
export { BceLoss } from "./losses/bce.ts";
export { BceDiceLoss } from "./losses/bce-dice.ts";
export { DiceLoss } from "./losses/dice.ts";
export { FocalLoss } from "./losses/focal.ts";
export { LabelledLoss } from "./losses/labelled-loss.ts";
export { TverskyLoss } from "./losses/tversky.ts";
export { Encoder } from "./models/encoders/encoder.ts";
export { UNet } from "./models/unet.ts";
export { UNetPlusPlus } from "./models/unetpp.ts";
