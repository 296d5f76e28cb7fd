/**
 * What was not written by us (a database, a configuration, a module's error) must neither move the cursor nor turn the
 * direction of what stands beside it. Everything that is printed of such a text goes through one of these.
 */

/** Control characters, separators of lines, and marks that turn the direction of text. */
const unprintable = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const unprintables = new RegExp(`${unprintable.source}+`, "gu");

/** As one line: whatever is unprintable becomes a space. */
export function oneLine(text: string): string {
  return text.replace(unprintables, " ");
}

/** The same for a text of several lines. */
export function plainLines(text: string): readonly string[] {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => oneLine(line.replaceAll("\t", "  ")));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours, and what a line needs that is written over
const ours = /\u001b\[[\d;]*m|\u001b\[1A\u001b\[2K|\r|\u001b\[K|[\n\t]/gu;

/** The last sieve before a terminal, for texts that hold our own colours and lines to be written over. */
export function printableText(text: string): string {
  if (!unprintable.test(text)) return text;
  let kept = "";
  let end = 0;
  for (const { 0: own, index } of text.matchAll(ours)) {
    kept += oneLine(text.slice(end, index)) + own;
    end = index + own.length;
  }
  return kept + oneLine(text.slice(end));
}
