/** JSON with NaN and infinities as texts, for which JSON has no numbers. */
export function jsonText(value: unknown): string {
  const nameNumber = (_: string, part: unknown) =>
    typeof part === "number" && !Number.isFinite(part) ? String(part) : part;
  return JSON.stringify(value, nameNumber, 2);
}
