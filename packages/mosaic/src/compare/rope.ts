import { MosaicError } from "../errors.ts";

/** Half width of the region of practical equivalence: so much, or such a share of the better mean. */
export type Rope =
  | { readonly kind: "absolute"; readonly size: number }
  | { readonly kind: "relative"; readonly share: number };

export const defaultRope: Rope = { kind: "relative", share: 0.01 };

/** `0.02`, in units of the criterion, or `2%` of the better mean. @throws MosaicError for anything else */
export function parseRope(text: string): Rope {
  const [, digits = "", percent] = /^\s*(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*(%?)\s*$/.exec(text) ?? [];
  const size = Number(digits);
  if (digits === "" || !Number.isFinite(size))
    throw new MosaicError("bad-rope", `--rope ${text}: write a difference such as 0.02, or a share such as 2%`);
  return percent === "%" ? { kind: "relative", share: size / 100 } : { kind: "absolute", size };
}

export function ropeText(rope: Rope): string {
  return rope.kind === "absolute"
    ? String(rope.size)
    : `${Number((rope.share * 100).toPrecision(6))} % of the better mean`;
}
