import { accept, refuse, type Type } from "@ml-mosaic/configurable";
import { type Figure, rankDirection } from "../figures/figure.ts";
import { fromScale, type Scale } from "./scale.ts";

/** Half width of the region of practical equivalence: so much, or such a share of the better mean. */
export type Rope =
  | { readonly kind: "absolute"; readonly size: number }
  | { readonly kind: "relative"; readonly share: number };

export const defaultRope: Rope = { kind: "relative", share: 0.01 };

/** `0.02`, in units of the criterion, or `2%` of the better mean. */
export const ropeType: Type<Rope> = {
  expected: "a difference such as 0.02, or a share such as 2%",
  form: { kind: "string" },
  read(value) {
    const [, digits, percent] = /^\s*(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*(%?)\s*$/.exec(String(value)) ?? [];
    const size = Number(digits);
    if (!Number.isFinite(size)) return refuse(value, ropeType.expected);
    return accept(percent === "%" ? { kind: "relative", share: size / 100 } : { kind: "absolute", size });
  },
};

/**
 * On the scale on which models are compared. Of a share, such as an accuracy, so much of the smaller of it and its complement:
 * 99.9 and 99.0 % right are not the same.
 *
 * @param meanA on that scale
 */
export function ropeSize(rope: Rope, criterion: Figure, scale: Scale, meanA: number, meanB: number): number {
  const [low, high] = [Math.min(meanA, meanB), Math.max(meanA, meanB)];
  const better = rankDirection(criterion) === "lower" ? low : high;
  if (scale === "log") {
    const share = rope.kind === "absolute" ? rope.size / fromScale(scale, better) : rope.share;
    return Math.log1p(share);
  }
  if (rope.kind === "absolute") return rope.size;
  const whole = criterion.shareOf;
  return rope.share * (whole === undefined ? Math.abs(better) : Math.max(0, Math.min(better, whole - better)));
}

export function ropeText(rope: Rope): string {
  return rope.kind === "absolute"
    ? String(rope.size)
    : `${Number((rope.share * 100).toPrecision(6))} % of the better mean`;
}
