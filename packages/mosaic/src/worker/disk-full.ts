import { errorCode } from "@ml-mosaic/base";

const codes: readonly (string | undefined)[] = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Whether an error, or what is behind it, says that no more can be written: no disk space, no quota, a file's limit. */
export function isDiskFull(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error)) return false;
  if (codes.includes(errorCode(error))) return true;
  // A cause may be its own cause.
  return depth < 8 && isDiskFull(error.cause, depth + 1);
}
