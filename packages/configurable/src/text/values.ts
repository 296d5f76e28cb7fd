/** The grammar of values in text: ranges `{2-5}`, steps of equal factors `log(1e-5, 1e-1, 5)`, lists `a, b`, quotes `"a, b"`; all else is text, kept as written. */

import { geometricTexts, parseGeometric } from "./geometric.ts";
import { parseRange, rangeSize, rangeTexts } from "./range.ts";
import { quotedText } from "./scalars.ts";
import type { TextFault } from "./text-fault.ts";

/** What an option's value expands to. `isList` tells that it was written as a list or a range, even of one value. */
interface ExpandedValue {
  readonly values: readonly string[];
  readonly isList: boolean;
}

export type ValueResult =
  | { readonly ok: true; readonly value: ExpandedValue }
  | { readonly ok: false; readonly faults: readonly TextFault[] };

/** An option with more values than this is a slip of the pen, and would fill the memory. */
export const mostValues = 1_000_000;

/** A file of another kind given by mistake may have a fault in every place. */
const mostFaults = 20;

export interface ValueOptions {
  readonly braces?: "range" | "text";
  readonly nested?: boolean;
  /** `"kept"`: text in quotes that would be a number or a boolean without them comes back with its quotes. */
  readonly quotes?: "kept" | "removed";
  /** What goes beyond it is refused before it is expanded. */
  readonly most?: number;
}

/**
 * Expands the text of one option. An empty text has no values.
 *
 * `braces: "text"` takes braces as ordinary characters, as the patterns of `key` need. `nested` keeps commas inside of
 * brackets: `SGD(momentum=0.9, nesterov=True), Adam` are two.
 *
 * @example `1, 2, {4-6}` gives 1, 2, 4, 5, 6
 */
export function parseValue(text: string, options: ValueOptions = {}): ValueResult {
  const { braces = "range", nested = false, quotes = "removed", most = mostValues } = options;
  const trimmed = text.trim();
  if (trimmed === "") return { ok: true, value: { values: [], isList: false } };

  const values: string[] = [];
  const faults: TextFault[] = [];
  let elements = 0;
  let isList = false;
  let position = 0;
  while (position <= trimmed.length && faults.length < mostFaults) {
    const element = readElement(trimmed, position, { braces, nested, quotes });
    elements += 1;
    position = element.end + 1;
    if (element.fault !== undefined) faults.push(element.fault);
    else if (element.several === undefined) values.push(element.text);
    else {
      isList = true;
      const { size, texts } = element.several;
      if (values.length + size > most) faults.push(tooManyValues(trimmed, values.length + size, most));
      else for (const text of texts()) values.push(text);
    }
  }
  if (values.length > most) faults.push(tooManyValues(trimmed, values.length, most));
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, value: { values, isList: isList || elements > 1 } };
}

/** `end` is where the comma after the element stands, or the end of the text. */
type Element = { readonly end: number } & (
  | { readonly text: string; readonly several?: undefined; readonly fault?: undefined }
  | { readonly several: Several; readonly fault?: undefined }
  | { readonly fault: TextFault }
);

/** What one element of a list expands to. */
interface Several {
  readonly size: number;
  readonly texts: () => readonly string[];
}

function readElement(
  text: string,
  from: number,
  { braces, nested, quotes }: Required<Omit<ValueOptions, "most">>,
): Element {
  const start = text.length - text.slice(from).trimStart().length;
  if (text[start] === '"') return readQuoted(text, start, quotes === "kept" ? quotedText : (content) => content);
  if (text[start] === "{" && braces === "range") return readRange(text, start);

  const end = nested ? commaOutside(text, start) : nextComma(text, start);
  const content = text.slice(start, end).trim();
  // What is in its brackets is read on its own.
  if (nested && /[([]/.test(content)) return { end, text: content };
  const isPlain = braces === "range" && !nested;
  const geometric = isPlain ? readGeometric(text, start) : undefined;
  if (geometric !== undefined) return geometric;
  const bracketed = cutBrackets(text, start, end);
  if (bracketed !== undefined) return bracketed;
  if (content === "") {
    return {
      end,
      fault: {
        message: `"${text}" has an empty place in its list.`,
        remedy: 'Remove the extra comma, or write "" for an empty text.',
      },
    };
  }
  if (content.includes('"')) {
    return {
      end,
      fault: {
        message: `"${content}" has a quote in the middle.`,
        remedy: `Put the whole text in quotes and double those inside: "${content.replaceAll('"', '""')}".`,
      },
    };
  }
  if (braces === "range" && /[{}]/.test(content)) {
    return {
      end,
      fault: {
        message: `"${content}" mixes text and braces.`,
        remedy: `A range stands alone between commas, as in 1, {4-10}; braces that are text need quotes: "${content}".`,
      },
    };
  }
  return { end, text: content };
}

function readGeometric(text: string, start: number): Element | undefined {
  const end = commaOutside(text, start);
  const parsed = parseGeometric(text.slice(start, end).trim());
  if (parsed === undefined) return undefined;
  if ("message" in parsed) return { end, fault: parsed };
  return { end, several: { size: parsed.count, texts: () => geometricTexts(parsed) } };
}

/** A comma inside of brackets would tear apart what was meant as one: a list in another spelling, or a call. */
function cutBrackets(text: string, start: number, comma: number): Element | undefined {
  const end = commaOutside(text, start);
  const whole = text.slice(start, end).trim();
  const count = (brackets: RegExp) => whole.match(brackets)?.length ?? 0;
  if (end <= comma || count(/[[(]/g) !== count(/[\])]/g)) return undefined;
  const list = /^[[(]([^[\]()]*)[\])]$/.exec(whole)?.[1]?.trim();
  const values = list === undefined ? "the values themselves, with commas or as a range {2-5}" : `${list} for a list`;
  return {
    end,
    fault: {
      message: `"${whole}" has a comma in brackets.`,
      remedy: `Write ${values}; a single text that has commas needs quotes: "${whole}".`,
    },
  };
}

function nextComma(text: string, from: number): number {
  const comma = text.indexOf(",", from);
  return comma === -1 ? text.length : comma;
}

/** The next comma that is in no brackets and no quotes. */
function commaOutside(text: string, from: number): number {
  let depth = 0;
  let quoted = false;
  for (let position = from; position < text.length; position++) {
    const letter = text.charAt(position);
    if (letter === '"') quoted = !quoted;
    else if (quoted) continue;
    else if ("([".includes(letter)) depth++;
    else if (")]".includes(letter)) depth--;
    else if (letter === "," && depth <= 0) return position;
  }
  return text.length;
}

/** A quote inside quotes is written twice. */
function readQuoted(text: string, start: number, kept: (content: string) => string): Element {
  let content = "";
  let position = start + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote === -1) {
      return {
        end: text.length,
        fault: {
          message: `${text.slice(start)} has no closing quote.`,
          remedy: `Write ${text.slice(start)}" or remove the opening quote.`,
        },
      };
    }
    content += text.slice(position, quote);
    position = quote + 1;
    if (text[position] !== '"') break;
    content += '"';
    position += 1;
  }
  const rest = restOfElement(text, position);
  if (rest.text === "") return { end: rest.end, text: kept(content) };
  return {
    end: rest.end,
    fault: {
      message: `"${rest.text}" stands after the closing quote of ${text.slice(start, position)}.`,
      remedy: "Put a comma between them, or the whole text in quotes; a quote inside quotes is written twice.",
    },
  };
}

function readRange(text: string, start: number): Element {
  const close = text.indexOf("}", start);
  if (close === -1) {
    return {
      end: text.length,
      fault: {
        message: `"${text.slice(start)}" has no closing brace.`,
        remedy: "Write a range as {2-5}; put braces that are text in quotes.",
      },
    };
  }
  const written = text.slice(start, close + 1);
  const rest = restOfElement(text, close + 1);
  if (rest.text !== "") {
    return {
      end: rest.end,
      fault: {
        message: `"${rest.text}" stands after the range ${written}.`,
        remedy: `Put a comma between them, or the whole text in quotes: "${written}${rest.text}".`,
      },
    };
  }
  const range = parseRange(written);
  if ("message" in range) return { end: rest.end, fault: range };
  return { end: rest.end, several: { size: rangeSize(range), texts: () => rangeTexts(range) } };
}

function restOfElement(text: string, from: number): { readonly text: string; readonly end: number } {
  const end = nextComma(text, from);
  return { text: text.slice(from, end).trim(), end };
}

function tooManyValues(text: string, count: number, most: number): TextFault {
  return {
    message: `"${text}" has ${count} values.`,
    remedy: `Write at most ${most}; a step thins a range out, as in {0-1000:100}.`,
  };
}

/** The first value that stands in the list twice, compared as `identity` sees it. */
export function repeatedValue(
  values: readonly string[],
  identity: (value: string) => string | number = (value) => value,
): string | undefined {
  const seen = new Set<string | number>();
  for (const value of values) {
    const key = identity(value);
    if (seen.has(key)) return value;
    seen.add(key);
  }
  return undefined;
}
