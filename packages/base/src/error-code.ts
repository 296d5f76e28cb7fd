/** The stable code of an error, such as `ENOENT`; undefined for what has none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Whether the operating system refused something: a file, a process, a pipe. */
export function isSystemError(error: unknown): boolean {
  return errorCode(error) !== undefined && error instanceof Error && "syscall" in error;
}
