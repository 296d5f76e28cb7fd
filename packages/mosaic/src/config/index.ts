export { type ClassOption, type ClassSection, classOptions } from "./class-section.ts";
export {
  type ClassSource,
  type LanguageName,
  languageOfPipeline,
  languageOfSource,
  type Places,
  type Project,
  readClassSource,
  readModuleSource,
} from "./class-source.ts";
export {
  type Engine,
  type Experiment,
  engines,
  readClassSections,
  readExperiment,
  readMonitor,
  readMonitorTexts,
} from "./experiment.ts";
export type { MonitorSection } from "./monitor-section.ts";
export { isOverride } from "./overrides.ts";
export type { OwnLoss } from "./own-loss.ts";
export { readPipelineFile, readPipelines, writePipelineFile } from "./pipeline-file.ts";
export {
  type ChosenPipelines,
  countPipelines,
  generatePipelines,
  generateRuns,
  type PlannedRun,
} from "./pipelines.ts";
export type { ProcessSection } from "./process-section.ts";
export { processTexts, type RunSettings, runSettings } from "./run-settings.ts";
export type { SlurmSection } from "./slurm-section.ts";
