// The pattern of `key`: `{option}` stands for the option's value in the same section, all else for itself.

import { nearestName } from "@ml-mosaic/base";
import type { Fault } from "./problem.ts";

type KeyPart = { readonly text: string } | { readonly option: string };

export type KeyPattern = readonly KeyPart[];

/** Splits a pattern; `k_{width}` gives the text `k_` and the option `width`. */
export function parseKeyPattern(
  pattern: string,
  section: string,
  optionNames: readonly string[],
): { readonly parts: KeyPattern; readonly faults: readonly Fault[] } {
  const parts: KeyPart[] = [];
  const faults: Fault[] = [];
  for (const piece of pattern.split(/(\{[^{}]*\})/)) {
    if (piece.startsWith("{") && piece.endsWith("}")) {
      const option = piece.slice(1, -1).trim();
      const fault = checkOption(piece, option, section, optionNames);
      if (fault === undefined) parts.push({ option });
      else faults.push(fault);
    } else if (/[{}]/.test(piece)) {
      faults.push({
        code: "malformed-key",
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
): Fault | undefined {
  if (option === "key") {
    return {
      code: "key-names-itself",
      message: `${piece} would put the key into itself.`,
      remedy: "Name another option of the section.",
    };
  }
  if (optionNames.includes(option)) return undefined;
  const usable = optionNames.filter((name) => name !== "key");
  const nearest = nearestName(option, usable);
  return {
    code: "unknown-option-in-key",
    message: `${piece} names an option that [${section}] does not have.`,
    remedy: nearest === undefined ? `It has ${usable.join(", ")}.` : `Did you mean {${nearest}}?`,
  };
}

/** The key of one variant; an option that `lookUp` does not know stays as it is written. */
export function fillKeyPattern(pattern: KeyPattern, lookUp: (option: string) => string | undefined): string {
  return pattern.map((part) => ("text" in part ? part.text : (lookUp(part.option) ?? `{${part.option}}`))).join("");
}
