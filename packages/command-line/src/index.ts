export { type ChartSize, type Curve, chartText } from "./chart.ts";
export {
  type ArgumentSpec,
  buildCommand,
  type CommandSpec,
  type ExitCode,
  type Given,
  type OptionSpec,
  runCommandLine,
  type Terminal,
} from "./command.ts";
export { interruptible } from "./interruptible.ts";
export { jsonText } from "./json-text.ts";
export { oneLine, plainLines } from "./one-line.ts";
export { pathText } from "./path-text.ts";
export { type Progress, startProgress } from "./progress.ts";
export { shellText } from "./shell-text.ts";
export { StatusLines } from "./status-lines.ts";
export { barText, numberText, shortenText, tableText } from "./text.ts";
