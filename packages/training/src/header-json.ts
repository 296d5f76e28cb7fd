/** JSON in the headers of snapshots. It has no infinity, which "no best loss yet" is, and no NaN: they are texts there. */

export function headerText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "number" && !Number.isFinite(part) ? String(part) : part,
  );
}

/** @returns undefined for what is no JSON */
export function readHeaderText(text: string): unknown {
  try {
    return JSON.parse(text, (_key, part: unknown) =>
      part === "Infinity" || part === "-Infinity" || part === "NaN" ? Number(part) : part,
    );
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
