/** A number for the eye: three significant digits, a true minus; "none" for none. */
export function numberLabel(value: number | null | undefined): string {
  if (value === null || value === undefined) return "none";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "−").replace("e+", "e");
}

/** For an axis: "1e−4" instead of "1.00e−4". */
export function tickLabel(value: number): string {
  return numberLabel(value).replace(/\.?0+e/, "e");
}
