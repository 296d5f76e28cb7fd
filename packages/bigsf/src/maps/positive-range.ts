import type { PositiveRange } from "../patches/patch-rules.ts";
import type { MapSection } from "./maps.ts";

/** Finds the smallest and the largest positive pixel of a map, of those that are valid, as its sections come. */
export interface RangeBuilder {
  add(section: Pick<MapSection, "image" | "valid">): void;
  /** Undefined where no pixel is positive. */
  finish(): PositiveRange | undefined;
}

export function startRange(): RangeBuilder {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  return {
    add({ image, valid }) {
      for (let i = 0; i < image.length; i++) {
        const value = image[i] ?? 0;
        if (valid[i] !== 1 || value <= 0) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    },
    finish: () => (high === 0 ? undefined : [low, high]),
  };
}

/** Of several maps together. */
export function joinRanges(ranges: readonly (PositiveRange | undefined)[]): PositiveRange | undefined {
  const known = ranges.filter((range) => range !== undefined);
  if (known.length === 0) return undefined;
  return [Math.min(...known.map(([low]) => low)), Math.max(...known.map(([, high]) => high))];
}
