/** The line of an error that says what happened: the first, of a Python traceback the last. */
export function firstErrorLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  const told = lines.filter((line) => line !== "");
  return (told[0]?.startsWith("Traceback (") ? told.at(-1) : told[0]) ?? "";
}
