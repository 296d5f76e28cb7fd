export { FileData } from "@ml-mosaic/training";
export type { DataModule, Info, Loaders, ModuleInfo, PipelineModule, RunInfo } from "./modules/contract.ts";
