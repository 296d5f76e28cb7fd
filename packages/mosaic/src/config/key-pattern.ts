// The pattern of `key`: `{option}` stands for the option's value in the same section, all else for itself.

import { nearestName } from "@ml-mosaic/base";
import type { TextFault } from "@ml-mosaic/configurable";

type KeyPart = { readonly text: string } | { readonly option: string };

export type KeyPattern = readonly KeyPart[];

/** Splits a pattern; `k_{width}` gives the text `k_` and the option `width`. */
export function parseKeyPattern(
  pattern: string,
  section: string,
  optionNames: readonly string[],
): { readonly parts: KeyPattern; readonly faults: readonly TextFault[] } {
  const parts: KeyPart[] = [];
  const faults: TextFault[] = [];
  for (const piece of pattern.split(/(\{[^{}]*\})/)) {
    if (piece.startsWith("{") && piece.endsWith("}")) {
      const option = piece.slice(1, -1).trim();
      const fault = checkOption(piece, option, section, optionNames);
      if (fault === undefined) parts.push({ option });
      else faults.push(fault);
    } else if (/[{}]/.test(piece)) {
      faults.push({
        message: `"${pattern}" has a brace without its partner.`,
        remedy: "Write {option} with both braces, as in k_{class}.",
      });
    } else if (piece !== "") parts.push({ text: piece });
  }
  return { parts, faults };
}

function checkOption(
  piece: string,
  option: string,
  section: string,
  optionNames: readonly string[],
): TextFault | undefined {
  if (option === "key") {
    return {
      message: `${piece} would put the key into itself.`,
      remedy: "Name another option of the section.",
    };
  }
  if (optionNames.includes(option)) return undefined;
  const usable = optionNames.filter((name) => name !== "key");
  const nearest = nearestName(option, usable);
  return {
    message: `${piece} names an option that [${section}] does not have.`,
    remedy: nearest === undefined ? `It has ${usable.join(", ")}.` : `Did you mean {${nearest}}?`,
  };
}

/** The key of one variant; an option that `lookUp` does not know stays as it is written. */
export function fillKeyPattern(pattern: KeyPattern, lookUp: (option: string) => string | undefined): string {
  return pattern.map((part) => ("text" in part ? part.text : (lookUp(part.option) ?? `{${part.option}}`))).join("");
}
