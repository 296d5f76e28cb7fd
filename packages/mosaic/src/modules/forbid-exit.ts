import { MosaicError } from "../errors.ts";

/**
 * Makes `process.exit` throw until the returned function is called: a module that ends the process would take others
 * along and leave no trace, this way the run that called it fails, with the line that did it.
 */
export function forbidExit(): () => void {
  const { exit } = process;
  process.exit = (code) => {
    throw new MosaicError("MODULE_EXITS", `a module called process.exit(${code ?? ""}); throw an error instead`);
  };
  return () => {
    process.exit = exit;
  };
}
