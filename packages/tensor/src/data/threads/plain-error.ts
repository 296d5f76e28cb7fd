import { TensorError, type TensorErrorCode } from "../../errors.ts";

/** An error with all that is behind it, as it goes from one thread to another: its class does not. */
export interface PlainError {
  readonly message: string;
  /** Of a TensorError, which it is again on the other side. */
  readonly tensorCode: TensorErrorCode | undefined;
  /** What the system says of it, such as `code` and `errno`. */
  readonly properties: Readonly<Record<string, string | number>>;
  readonly stack: string | undefined;
  readonly cause: PlainError | undefined;
}

/** One may be its own cause. */
const deepestCause = 8;

export function plainError(error: unknown, depth = 0): PlainError {
  if (!(error instanceof Error))
    return { message: String(error), tensorCode: undefined, properties: {}, stack: undefined, cause: undefined };
  const properties = Object.entries(error).filter(
    ([, value]) => typeof value === "string" || typeof value === "number",
  );
  return {
    message: error.message,
    tensorCode: error instanceof TensorError ? error.code : undefined,
    properties: Object.fromEntries(properties),
    stack: error.stack,
    cause: error.cause === undefined || depth === deepestCause ? undefined : plainError(error.cause, depth + 1),
  };
}

export function errorOf({ message, tensorCode, properties, stack, cause }: PlainError): Error {
  const options = cause === undefined ? {} : { cause: errorOf(cause) };
  const error = tensorCode === undefined ? new Error(message, options) : new TensorError(tensorCode, message, options);
  return Object.assign(error, properties, { stack });
}
