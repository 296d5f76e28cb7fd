/** The words, texts in quotes and signs of a condition, each with its place. */
import type { TextFault } from "@ml-mosaic/configurable/text-fault";

export interface Token {
  readonly kind: "word" | "quoted" | "sign" | "end";
  /** What was in the quotes, of a text in quotes. */
  readonly text: string;
  /** Counted from 1. */
  readonly at: number;
}

export type Tokens =
  | { readonly ok: true; readonly tokens: readonly Token[] }
  | { readonly ok: false; readonly fault: TextFault };

const pieces = /"(?:[^"]|"")*"|'(?:[^']|'')*'|["']|[=<>!&|]+|[(),]|[^\s=<>!&|(),"']+/g;

/** The last one is the end of the text. */
export function readTokens(text: string): Tokens {
  const tokens: Token[] = [];
  for (const { 0: piece, index } of text.matchAll(pieces)) {
    const at = index + 1;
    const [first = ""] = piece;
    if (piece === '"' || piece === "'") {
      const message = `The quote at character ${at} has no partner.`;
      return {
        ok: false,
        fault: { message, remedy: `Write ${piece} where the text ends; one inside is written twice.` },
      };
    }
    if (first === '"' || first === "'")
      tokens.push({ kind: "quoted", text: piece.slice(1, -1).replaceAll(first + first, first), at });
    else tokens.push({ kind: /[=<>!&|(),]/.test(first) ? "sign" : "word", text: piece, at });
  }
  tokens.push({ kind: "end", text: "", at: text.trimEnd().length + 1 });
  return { ok: true, tokens };
}
