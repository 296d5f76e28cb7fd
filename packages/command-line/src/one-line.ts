/** Text of a database as one line of a terminal: what would move the cursor or break the line becomes a space. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not reach the terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}

/** The same for a text of several lines. */
export function plainLines(text: string): readonly string[] {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => oneLine(line.replaceAll("\t", "  ")));
}
