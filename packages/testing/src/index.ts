export { csvValues } from "./csv-values.ts";
export { type CommandEnd, type EveryCall, type EveryCallReport, failEveryCall } from "./every-call.ts";
export { expectKept, type KeptOptions } from "./expect-kept.ts";
export { type Fault, type FaultKind, openFaults } from "./faults.ts";
export { moveSnapshot } from "./move-snapshot.ts";
export { processor } from "./processor.ts";
export { temporaryFolder, temporaryFolderIn } from "./temporary-folder.ts";
