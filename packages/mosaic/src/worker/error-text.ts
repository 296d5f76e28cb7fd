import { withoutMarks } from "../modules/user-files.ts";

/** The message of an error with its stack, and the causes behind it. */
export function errorText(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return `a module threw ${describeThrown(error)}, which is no Error`;
  const own = withoutMarks(error.stack ?? `${error.name}: ${error.message}`);
  // A cause may be its own cause.
  return error.cause === undefined || depth > 8 ? own : `${own}\ncaused by ${errorText(error.cause, depth + 1)}`;
}

function describeThrown(value: unknown): string {
  try {
    return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  } catch {
    // Such as an object that holds itself; its kind is all that can be told.
    return `an ${typeof value}`;
  }
}
