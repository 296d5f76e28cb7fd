/** Importing this package registers its components: models, data, losses, metrics, augmentations, encoders of positions. */
import "./components.ts";

export { Calibration, type CalibrationOptions, type CalibrationResult } from "./calibration/calibration.ts";
export type {
  CalibrationFigures,
  CalibrationReport,
  Figure,
  ReliabilityBin,
} from "./calibration/calibration-figures.ts";
export type { CalibrationFile } from "./calibration/calibration-file.ts";
export type { Calibrator } from "./calibration/calibrator.ts";
export { Catalogue } from "./catalogue/catalogue.ts";
export type { Filament } from "./catalogue/filament.ts";
export type { Measured, PlummerFigures, ProfileFigures } from "./catalogue/profile.ts";
export type { CatalogueFiles, CatalogueResult, CatalogueRunOptions } from "./catalogue/run-catalogue.ts";
export type { FrameFigures, SkyFigures, SkyPoint } from "./catalogue/sky-spine.ts";
export { BaseAugmentation, type PatchLayers } from "./datasets/augmentations/base-augmentation.ts";
export { type FoldedPatches, PatchesData } from "./datasets/patches-data.ts";
export { BigsfError, type BigsfErrorCode } from "./errors.ts";
export { type LabelledPixels, labelledPixels } from "./labelled/labelled-pixels.ts";
export { BceLoss } from "./losses/bce.ts";
export { BceDiceLoss } from "./losses/bce-dice.ts";
export { BrierLoss } from "./losses/brier.ts";
export { ClDiceLoss } from "./losses/cldice.ts";
export { DiceLoss } from "./losses/dice.ts";
export { FocalLoss } from "./losses/focal.ts";
export { LabelledLoss } from "./losses/labelled-loss.ts";
export { SkeletonRecallLoss } from "./losses/skeleton-recall.ts";
export { TverskyLoss } from "./losses/tversky.ts";
export { BestThresholdMetric } from "./metrics/best-threshold.ts";
export { BrierMetric } from "./metrics/brier.ts";
export { MssimMetric } from "./metrics/mssim.ts";
export { AccuracyMetric, DiceMetric, IouMetric, PrecisionMetric, RecallMetric } from "./metrics/overlap-metrics.ts";
export { AveragePrecisionMetric, RocAucMetric } from "./metrics/ranking-metrics.ts";
export { ClDiceMetric, SkeletonRecallMetric } from "./metrics/skeleton-metrics.ts";
export { BaseEncoder } from "./models/encoders/base-encoder.ts";
export { IdentityEncoder } from "./models/encoders/identity.ts";
export { LinEncoder } from "./models/encoders/lin.ts";
export { SinEncoder } from "./models/encoders/sin.ts";
export { SegmentationModel } from "./models/segmentation-model.ts";
export { UNet } from "./models/unet.ts";
export { UNetPlusPlus } from "./models/unetpp.ts";
export { type FitsPatchesOptions, openFitsPatches } from "./patches/fits-patches.ts";
export { openPatchFile, type PatchFileOptions } from "./patches/h5-patches.ts";
export type { PatchBuffers, PatchSource } from "./patches/patch-source.ts";
export type { PreprocessResult } from "./patches/preprocess.ts";
export { Preprocessing } from "./patches/preprocessing.ts";
export { type WriteSampleOptions, writeSample } from "./sample/write-sample.ts";
export type { RunOptions, SegmentationFiles, SegmentationResult } from "./segmentation/run-segmentation.ts";
export type { SegmentCounts } from "./segmentation/segment-map.ts";
export { Segmentation } from "./segmentation/segmentation.ts";
export type { SegmentationPlan } from "./segmentation/segmentation-plan.ts";
