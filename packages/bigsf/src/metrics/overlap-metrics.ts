/**
 * How well the pixels found agree with those of filaments, over all labelled pixels of an epoch together. A ratio of
 * nothing to nothing is NaN: there is nothing to say.
 */
import { configurable, register } from "@ml-mosaic/configurable";
import { CountingMetric, type PixelCounts } from "./counting-metric.ts";

/** 2 hits / (found + there): the F1 score. NaN where nothing is found and nothing is there. */
export class DiceMetric extends configurable({}, CountingMetric) {
  static override readonly aliases = ["dice", "dice_index", "f1"];
  protected override get title(): string {
    return "dice";
  }
  protected override ratio({ hits, found, there }: PixelCounts): number {
    return (2 * hits) / (found + there);
  }
}

/** hits / (found + there - hits): Jaccard's index. NaN where nothing is found and nothing is there. */
export class IouMetric extends configurable({}, CountingMetric) {
  static override readonly aliases = ["iou", "jaccard"];
  protected override get title(): string {
    return "iou";
  }
  protected override ratio({ hits, found, there }: PixelCounts): number {
    return hits / (found + there - hits);
  }
}

/** hits / found. NaN where nothing is found. */
export class PrecisionMetric extends configurable({}, CountingMetric) {
  static override readonly aliases = ["precision"];
  protected override get title(): string {
    return "precision";
  }
  protected override ratio({ hits, found }: PixelCounts): number {
    return hits / found;
  }
}

/** hits / there. NaN where nothing is there. */
export class RecallMetric extends configurable({}, CountingMetric) {
  static override readonly aliases = ["recall"];
  protected override get title(): string {
    return "recall";
  }
  protected override ratio({ hits, there }: PixelCounts): number {
    return hits / there;
  }
}

/** (hits + rightly left out) / all. NaN where nothing is labelled. High where filaments are few, whatever is found. */
export class AccuracyMetric extends configurable({}, CountingMetric) {
  static override readonly aliases = ["accuracy"];
  protected override get title(): string {
    return "accuracy";
  }
  protected override ratio({ hits, found, there, all }: PixelCounts): number {
    return (all - found - there + 2 * hits) / all;
  }
}

register(DiceMetric, IouMetric, PrecisionMetric, RecallMetric, AccuracyMetric);
