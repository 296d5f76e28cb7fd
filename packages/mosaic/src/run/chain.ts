/** The modules of one pipeline, constructed and connected. */

import { unquotedText } from "@ml-mosaic/configurable";
import {
  DataLoader,
  Generator,
  manualSeed,
  type metrics,
  nn,
  Parameter,
  Tensor,
  type Variable,
} from "@ml-mosaic/tensor";
import { BaseModel, type DataUse, type TrainableModel } from "@ml-mosaic/training";
import type { ClassSource } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { type Constructed, constructModule, type EarlierInfo } from "../modules/construct.ts";
import { constructorOptions } from "../modules/constructor-options.ts";
import type {
  DataModule,
  Info,
  KnowingData,
  Loaders,
  ModuleInfo,
  PipelineModule,
  RunInfo,
} from "../modules/contract.ts";
import { loadClass, type UserClass } from "../modules/load-class.ts";
import { unreadFault } from "../modules/unread-options.ts";
import { type FileDigests, importedTexts } from "../modules/user-files.ts";
import type { ModuleSpec } from "../pipelines/pipeline.ts";

export interface Stage {
  readonly spec: ModuleSpec;
  readonly source: ClassSource;
}

export interface ChainOptions {
  readonly dataStages: readonly Stage[];
  readonly pipelineStages: readonly Stage[];
  /** The configuration file's. */
  readonly folder: string;
  readonly facts: {
    readonly run_id: number;
    readonly device: string;
    readonly seed: number;
    readonly repetition: number;
  };
}

/** One constructed stage of `pipeline_scheme`. */
export interface Link {
  readonly spec: ModuleSpec;
  readonly module: PipelineModule;
  /** What the stages before it have told. */
  readonly runInfo: RunInfo;
  readonly moduleInfo: ModuleInfo;
}

/** To be disposed of when the run has ended. */
export interface Chain extends AsyncDisposable {
  readonly loaders: Loaders;
  /** What the data tell beside the metrics that were asked for. */
  readonly figures: readonly metrics.Metric[];
  readonly links: readonly Link[];
  /** The users' files that it is made of. */
  readonly files: FileDigests;
  /** @throws MosaicError where a loss or metrics cannot be had of the data */
  refuseObjections(asked: DataUse): void;
  /**
   * To be called when the chain has been computed once.
   *
   * @throws MosaicError that names the options which nothing has read, misspelt ones likely
   */
  refuseUnread(): void;
}

/** Constructs the modules in order; data modules are prepared on the way. */
export async function buildChain({ dataStages, pipelineStages, folder, facts }: ChainOptions): Promise<Chain> {
  await using opened = new AsyncDisposableStack();
  const generator = new Generator(facts.seed);
  const earlier: EarlierInfo[] = [];
  let runInfo: RunInfo = facts;
  const constructed: (() => readonly string[])[] = [];
  const construct = async ({ spec, source }: Stage) => {
    const userClass = await loadClass(source, spec.className, folder);
    // What a module draws from the default generator depends on its stage alone, not on what others drew.
    manualSeed(generator.stream("stage", spec.type).integer(0, 2 ** 32));
    const made = constructModule({ spec, userClass, earlier, folder });
    constructed.push(() => unreadProblems(spec, userClass, made));
    return made;
  };
  const learn = ({ spec }: Stage, module: { info(): unknown }) => {
    const values = module.info();
    if (!isInfo(values))
      throw breach(spec, `info() returned ${describe(values)}; it must return an object of names and values`);
    earlier.unshift({ name: `info() of ${spec.className}`, values });
    runInfo = { ...runInfo, ...values, ...facts };
  };

  let data: unknown;
  let knowing: { readonly spec: ModuleSpec; readonly data: KnowingData } | undefined;
  for (const stage of dataStages) {
    const { instance, moduleInfo } = await construct(stage);
    if (!hasMethods<DataModule>(instance, ["prepare", "info"])) throw lacks(stage.spec, instance, ["prepare", "info"]);
    opened.defer(async () => instance.close?.());
    data = await instance.prepare(data, runInfo, moduleInfo);
    knowing = isKnowing(instance) ? { spec: stage.spec, data: instance } : undefined;
    learn(stage, instance);
  }
  const loaders = checkLoaders(dataStages.at(-1), data);
  if (!earlier.some(({ values }) => Object.hasOwn(values, "batch_size"))) {
    const classes = dataStages.map(({ spec }) => spec.className).join(" or ");
    throw new MosaicError("NO_BATCH_SIZE", `no info() gives batch_size: return it from info() of ${classes}`);
  }

  const links: Link[] = [];
  for (const stage of pipelineStages) {
    const { instance, moduleInfo } = await construct(stage);
    const methods = ["forward", "info", "saveModel", "loadModel", "parameters"];
    if (!hasMethods<PipelineModule>(instance, methods)) throw lacks(stage.spec, instance, methods);
    links.push({ spec: stage.spec, module: instance, runInfo, moduleInfo });
    learn(stage, instance);
  }
  initialize(links, generator.stream("initialization"));
  const kept = opened.move();
  const refuseUnread = () => {
    const problems = constructed.flatMap((problemsOf) => problemsOf());
    if (problems.length > 0) throw new MosaicError("BAD_OPTIONS", problems.join("\n"));
  };
  const files = importedTexts(
    [...dataStages, ...pipelineStages].flatMap(({ source }) => (source.kind === "file" ? [source.path] : [])),
  );
  const refuseObjections = (asked: DataUse) => {
    if (knowing === undefined) return;
    const { spec, data: of } = knowing;
    const problems = Array.from(
      of.objections(asked),
      ({ path: [option], message }) => `${namesInProcess[String(option)] ?? option}: ${message}`,
    );
    if (problems.length > 0)
      throw new MosaicError("BAD_OPTIONS", `${spec.className} (${spec.path}): ${problems.join("; ")}`);
  };
  const figures = knowing?.data.figures ?? [];
  return {
    loaders,
    figures,
    links,
    files,
    refuseObjections,
    refuseUnread,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** How [PROCESS] calls what a Trainer's file calls otherwise. */
const namesInProcess: Readonly<Record<string, string>> = { loss: "loss_function" };

function isKnowing(instance: object): instance is KnowingData {
  if (!("figures" in instance && Array.isArray(instance.figures) && hasMethods(instance, ["objections"]))) return false;
  return instance.figures.every((each: unknown) => typeof Object(each).step === "function");
}

function unreadProblems(spec: ModuleSpec, userClass: UserClass, { unread }: Constructed): readonly string[] {
  // Which options a key is made of is no longer known: one that shows in it may be.
  const names = (unread?.() ?? []).filter((name) => !spec.key.includes(unquotedText(spec.options[name] ?? "")));
  const options = constructorOptions(userClass);
  const taken = options === undefined ? undefined : [...options.required, ...options.optional];
  return names.map((name) => {
    const { message, remedy } = unreadFault(name, spec.className, taken);
    return `${spec.className} (${spec.path}): ${name}: ${message} ${remedy}`;
  });
}

/** The chain as one model: data goes through the modules in order, and all their parameters are trained. */
export function chainModel(links: readonly Link[]): TrainableModel {
  return {
    parameters: Array.from(namedVariables(links), ([, variable]) => variable).filter(
      (variable) => variable instanceof Parameter,
    ),
    forward(...features) {
      return links.reduce<readonly Tensor[]>((data, link) => outputOf(link, data), features);
    },
    train(mode) {
      for (const { module } of links) if (module instanceof nn.Module) module.train(mode);
    },
  };
}

/** What a module makes of one tensor, or a component of a Trainer of several. */
function outputOf({ spec, module, runInfo, moduleInfo }: Link, data: readonly Tensor[]): readonly Tensor[] {
  const isComponent = module instanceof BaseModel;
  const [first, ...others] = data;
  if (first === undefined || (others.length > 0 && !isComponent)) {
    throw breach(
      spec,
      `the loaders give ${data.length + 1} tensors a sample; two are needed, features and target, unless the module extends BaseModel`,
    );
  }
  const result: unknown = isComponent ? module.forward(...data) : module.forward(first, runInfo, moduleInfo);
  if (result instanceof Tensor) return [result];
  if (isComponent && Array.isArray(result) && result.every((each) => each instanceof Tensor)) return result;
  throw breach(spec, `forward returned ${describe(result)}; it must return a Tensor at once, without await`);
}

/** Parameters and buffers of all modules as `<type>.<path in the module>`. */
export function* namedVariables(links: readonly Link[]): IterableIterator<[string, Variable]> {
  const seen = new Set<Variable>();
  for (const { spec, module } of links) {
    const own: Iterable<[string, Variable]> =
      module instanceof nn.Module
        ? module.namedVariables()
        : module.parameters().map((parameter, index): [string, Variable] => [String(index), parameter]);
    for (const [path, variable] of own) {
      if (seen.has(variable)) continue;
      seen.add(variable);
      yield [`${spec.type}.${path}`, variable];
    }
  }
}

/** Keyed by path: another layer, or another module, changes nothing for the others. */
function initialize(links: readonly Link[], generator: Generator): void {
  for (const { spec, module } of links) {
    if (module instanceof nn.Module) continue;
    const parameters: unknown = module.parameters();
    if (!Array.isArray(parameters) || !parameters.every((each) => each instanceof Parameter)) {
      throw breach(spec, "parameters() must return an array of Parameter");
    }
  }
  for (const [path, variable] of namedVariables(links)) {
    if (!variable.initialized) variable.initialize(generator.stream(path));
  }
}

function checkLoaders(last: Stage | undefined, data: unknown): Loaders {
  if (Array.isArray(data) && data.length === 2) {
    const [train, test]: unknown[] = data;
    if (train instanceof DataLoader && test instanceof DataLoader) return [train, test];
  }
  const what = `prepare of the last data module must return two DataLoaders, [train, test]; it returned ${describe(data)}`;
  throw last === undefined ? new MosaicError("BREACH_OF_CONTRACT", what) : breach(last.spec, what);
}

function hasMethods<T>(instance: object, methods: readonly string[]): instance is T & object {
  return methods.every((name) => typeof Reflect.get(instance, name) === "function");
}

function lacks(spec: ModuleSpec, instance: object, methods: readonly string[]): MosaicError {
  const missing = methods.filter((name) => typeof Reflect.get(instance, name) !== "function");
  const hint = missing.includes("parameters") ? "; extending nn.Module gives parameters, saveModel and loadModel" : "";
  return breach(spec, `it has no method ${missing.join(", ")}${hint}`);
}

function breach({ className, path }: ModuleSpec, what: string): MosaicError {
  return new MosaicError("BREACH_OF_CONTRACT", `${className} (${path}): ${what}`);
}

function isInfo(value: unknown): value is Info {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Promise);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}: ${value.slice(0, 3).map(describe).join(", ")}`;
  if (value instanceof Promise) return "a Promise";
  if (typeof value === "object" && value !== null) return `an object of ${value.constructor?.name ?? "no class"}`;
  return typeof value === "string" ? `the text "${value}"` : String(value);
}
