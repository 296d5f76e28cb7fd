import { withoutMarks } from "../modules/user-files.ts";

/** Of an error so much is stored and sent: a message may hold all that a module has read. */
const mostCharacters = 64_000;
const lastCharacters = 8000;

/** The message of an error with its stack, and the causes behind it; the middle of a very long one is left out. */
export function errorText(error: unknown): string {
  const text = wholeText(error, 0);
  if (text.length <= mostCharacters) return text;
  const left = text.length - mostCharacters;
  return `${text.slice(0, mostCharacters - lastCharacters)}\n… ${left} characters left out …\n${text.slice(-lastCharacters)}`;
}

function wholeText(error: unknown, depth: number): string {
  if (!(error instanceof Error)) return `a module threw ${describeThrown(error)}, which is no Error`;
  const own = withoutMarks(error.stack ?? `${error.name}: ${error.message}`);
  // A cause may be its own cause.
  return error.cause === undefined || depth > 8 ? own : `${own}\ncaused by ${wholeText(error.cause, depth + 1)}`;
}

function describeThrown(value: unknown): string {
  try {
    return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  } catch {
    // Such as an object that holds itself; its kind is all that can be told.
    return `an ${typeof value}`;
  }
}
