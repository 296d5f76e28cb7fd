export type { DataModule, Info, Loaders, ModuleInfo, PipelineModule, RunInfo } from "./modules/contract.ts";
