// How text from a file is understood. One place, so that a class with a schema and one without read alike.

const numberText = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const infinityText = /^([+-]?)(\.inf|inf|infinity)$/i;

/** `4`, `-4`, `.5`, `1e-3`, `1e+3`; `undefined` for other text and for what no float64 can hold (`1e999`). */
export function numberFromText(text: string): number | undefined {
  if (!numberText.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** `inf`, `-inf` (Python), `.inf` (YAML), `Infinity` (JavaScript). */
export function infinityFromText(text: string): number | undefined {
  const sign = infinityText.exec(text)?.[1];
  if (sign === undefined) return undefined;
  return sign === "-" ? -Infinity : Infinity;
}

/** `true` and `false` in any letter case. `yes`, `on` and `1` are not booleans, as in YAML 1.2. */
export function booleanFromText(text: string): boolean | undefined {
  if (/^true$/i.test(text)) return true;
  return /^false$/i.test(text) ? false : undefined;
}

/** Text that no schema speaks about: a number where it is one, a boolean where it is one, else the text itself. */
export function readText(text: string): number | boolean | string {
  return numberFromText(text) ?? booleanFromText(text) ?? unquotedText(text);
}

/** Equal for texts that are read as one value: `1e-2` and `0.01`, `true` and `True`. */
export function valueText(text: string): string {
  const number = numberFromText(text);
  if (number !== undefined) return String(number);
  const boolean = booleanFromText(text);
  return boolean === undefined ? text : boolean ? "True" : "False";
}

/** What was written in quotes, as `readText` reads it back: `"008"` keeps its quotes, since 008 alone is a number. */
export function quotedText(content: string): string {
  return needsQuotes(content) ? `"${content}"` : content;
}

/** The text itself, without the quotes that `quotedText` has kept. */
export function unquotedText(text: string): string {
  return keepsQuotes(text) ? text.slice(1, -1) : text;
}

function needsQuotes(content: string): boolean {
  return numberFromText(content) !== undefined || booleanFromText(content) !== undefined || keepsQuotes(content);
}

function keepsQuotes(text: string): boolean {
  return text.length > 2 && text.startsWith('"') && text.endsWith('"') && needsQuotes(text.slice(1, -1));
}

/** Text that means "nothing" where an option is optional: none, or `None` and `null` in any letter case. */
export function isNullText(text: string): boolean {
  return /^(none|null)?$/i.test(text);
}
