/** What other packages build their own commands with. */
export {
  type ArgumentSpec,
  buildCommand,
  type CommandSpec,
  type ExitCode,
  type Given,
  type OptionSpec,
  runCommandLine,
  type Terminal,
} from "./commands/command.ts";
export { interruptible } from "./commands/interruptible.ts";
export { pathText } from "./commands/path-text.ts";
export { barText, clockText, countText, numberText, tableText } from "./commands/text.ts";
