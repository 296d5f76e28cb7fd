import { superscript } from "./ticks.ts";

/** What the colours of a map mean. @param unit BUNIT of the header, such as `cm-2` or `MJy/sr` */
export function quantityText(unit: string | undefined): string {
  const trimmed = unit?.trim() ?? "";
  if (trimmed === "") return "intensity";
  // Powers of units: cm-2, cm^-2, cm**-2. A 2 without a sign may be that of H2.
  const shown = trimmed.replace(
    /([A-Za-z])(?:(?:\^|\*\*)(-?\d+)|(-\d+))\b/g,
    (_, letter: string, power: string | undefined, plain: string) => {
      return letter + superscript(Number(power ?? plain));
    },
  );
  return `intensity [${shown}]`;
}
