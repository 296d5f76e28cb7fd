export { type ChartSize, type Curve, chartText } from "./chart.ts";
export {
  type Command,
  type CommandDescription,
  command,
  type ExitCode,
  type Given,
  type Terminal,
} from "./command.ts";
export { interruptible, Stopped } from "./interruptible.ts";
export { jsonText } from "./json-text.ts";
export { oneLine, plainLines } from "./one-line.ts";
export { pathText } from "./path-text.ts";
export { loadCommands, type Program, runCommand, runProcess, runProgram } from "./program.ts";
export { type Progress, startProgress } from "./progress.ts";
export { shellText } from "./shell-text.ts";
export { argumentsUsage, choicesOf, mayBeMissing, spelledOptions, takesSeveral, wordsOf } from "./spelling.ts";
export { StatusLines } from "./status-lines.ts";
export { barText, numberText, shortenText, tableText } from "./text.ts";
