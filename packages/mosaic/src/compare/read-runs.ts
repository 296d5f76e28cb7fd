import { nearestNames, present } from "@ml-mosaic/base";
import { valueText } from "@ml-mosaic/configurable";
import { MosaicError } from "../errors.ts";
import type { Figure } from "../figures/figure.ts";
import { describeModules, withoutOptions } from "../pipelines/pipeline.ts";
import { isProgram } from "../program/options.ts";
import type { StoreReader } from "../store/index.ts";
import { type Attribute, attributesOf } from "./attributes.ts";
import { atCommonEpochs, type TrainedFurther } from "./common-epochs.ts";
import {
  describeFully,
  foldOf,
  foldOption,
  identityOf,
  isUnknown,
  keyOf,
  varyingOptions,
  varyingTexts,
} from "./pipeline-parts.ts";
import type { CompareOptions } from "./report.ts";
import { noneRemoved, type ParsedPipeline, type RemovedCounts, type RunTable, readRunTable } from "./run-table.ts";

/** What the runs of a pipeline count as. */
export interface ComparedPipeline {
  /** Texts by which models and data sets are told apart and shown. */
  readonly model: string;
  readonly data: string;
  readonly dataKey: string;
  /** Keys of the data's stages. */
  readonly stageKeys: readonly string[];
  /** What has made its data. */
  readonly dataSource: string;
  /** It is a program. */
  readonly readsOwnData: boolean;
  /** The pipeline that it is of the model: several are averaged where models are grouped. */
  readonly member: string;
  /** undefined where it is no fold of a cross-validation. */
  readonly fold: string | undefined;
  /** Its runs by their rows of the table. */
  readonly rows: readonly number[];
  readonly removed: RemovedCounts;
}

export interface ReadRuns {
  readonly table: RunTable;
  /** In the order in which they first occur. */
  readonly pipelines: readonly ComparedPipeline[];
  /** Only some of the database's runs are meant. */
  readonly isSelected: boolean;
  /** Runs that have no such option as models are grouped by. */
  readonly withoutGroup: number;
  readonly trainedFurther: readonly TrainedFurther[];
}

/**
 * Every run that is meant with its model, data set and outcome. Models are grouped by `by`; without it, every pipeline
 * without its data is a model.
 *
 * @throws MosaicError where no run has what models are to be grouped by, with what there is
 */
export async function readRuns(
  reader: StoreReader,
  criterion: Figure,
  { by, runIds }: Pick<CompareOptions, "by" | "runIds">,
): Promise<ReadRuns> {
  const table = await readRunTable(reader, [criterion], runIds);
  const trainedFurther = await atCommonEpochs(reader, table, [criterion]);
  const rowsOf = table.rowsByPipeline();
  const removedOf = table.removedByPipeline();
  const pipelines = [...new Set([...rowsOf.keys(), ...removedOf.keys()])];
  const known = pipelines.filter(({ training }) => !isUnknown(training));
  const varying = varyingOptions(new Map(known.map((each) => [each.training, each])).values());
  const attributes = by === undefined ? undefined : groupAttributes(pipelines, by);
  const uncounted = (pipeline: ParsedPipeline) => {
    const dataOption = attributes?.get(pipeline)?.dataOption;
    return dataOption === undefined ? [foldOption] : [foldOption, dataOption];
  };
  const trainingText = (pipeline: ParsedPipeline) =>
    varying.length > 0 && isUnknown(pipeline.training)
      ? " | training unknown"
      : varyingTexts(pipeline, varying)
          .map(([name, text]) => ` | ${name}=${text}`)
          .join("");
  const trainingValues = ({ training }: ParsedPipeline) =>
    varying.map((name) => [name, training[name] === undefined ? null : valueText(training[name])]);
  const memberOf = new Map(
    pipelines.map((pipeline) => [
      pipeline,
      `${identityOf(pipeline.model)}${JSON.stringify(trainingValues(pipeline))}${
        attributes?.get(pipeline)?.dataOption === undefined ? "" : identityOf(pipeline.data, [foldOption])
      }`,
    ]),
  );
  const modelLabels =
    attributes === undefined
      ? uniqueLabels(pipelines, (pipeline) => present(memberOf.get(pipeline), "member for a pipeline"), [
          (pipeline) => describeModules(pipeline.model) + trainingText(pipeline),
          (pipeline) => describeFully(pipeline.model) + trainingText(pipeline),
        ])
      : firstOfEach(
          new Map(
            [...attributes].map(([pipeline, { value, isOption }]) => [pipeline, isOption ? `${by} ${value}` : value]),
          ),
          (pipeline) => {
            const { value, isOption } = present(attributes.get(pipeline), "group for a pipeline");
            return isOption ? valueText(value) : value;
          },
        );
  const dataLabels = uniqueLabels(
    pipelines,
    (pipeline) => identityOf(pipeline.data, uncounted(pipeline)) + dataKeyOf(pipeline, uncounted(pipeline)),
    [
      (pipeline) => dataKeyOf(pipeline, uncounted(pipeline)),
      (pipeline) => `${keyOf(pipeline.data)}: ${describeModules(withoutOptions(pipeline.data, uncounted(pipeline)))}`,
      (pipeline) => `${keyOf(pipeline.data)}: ${describeFully(pipeline.data)}`,
    ],
  );
  const compared = pipelines.flatMap((pipeline): ComparedPipeline[] => {
    const model = modelLabels.get(pipeline);
    if (model === undefined) return [];
    return [
      {
        model,
        data: present(dataLabels.get(pipeline), "label for data"),
        dataKey: keyOf(pipeline.data),
        stageKeys: pipeline.data.map(({ key }) => key),
        dataSource: pipeline.dataSource,
        readsOwnData: pipeline.model.some(isProgram),
        member: present(memberOf.get(pipeline), "member for a pipeline"),
        fold: foldOf(pipeline),
        rows: rowsOf.get(pipeline) ?? [],
        removed: removedOf.get(pipeline) ?? noneRemoved,
      },
    ];
  });
  const grouped = compared.reduce((sum, { rows }) => sum + rows.length, 0);
  return {
    table,
    pipelines: compared,
    isSelected: runIds !== undefined,
    withoutGroup: table.length - grouped,
    trainedFurther,
  };
}

function groupAttributes(pipelines: readonly ParsedPipeline[], by: string): ReadonlyMap<ParsedPipeline, Attribute> {
  const groups = new Map<ParsedPipeline, Attribute>();
  const known = new Set<string>();
  for (const pipeline of pipelines) {
    const attributes = attributesOf(pipeline);
    for (const name of attributes.keys()) known.add(name);
    const attribute = attributes.get(by);
    if (attribute !== undefined) groups.set(pipeline, attribute);
  }
  if (groups.size > 0 || pipelines.length === 0) return groups;
  throw new MosaicError(
    "UNKNOWN_GROUP",
    `models cannot be grouped by "${by}". Known names, the nearest first: ${nearestNames(by, [...known]).join(", ")}`,
  );
}

/** The key; without it where it may hold the option that data sets are not to be told apart by. */
function dataKeyOf({ data }: ParsedPipeline, without: readonly string[]): string {
  const hasOption = data.some(({ options }) => without.some((option) => options[option] !== undefined));
  return hasOption ? describeModules(withoutOptions(data, without)) : keyOf(data);
}

/** For each pipeline the first of its labels that no pipeline of another identity has, else the last. */
function uniqueLabels(
  pipelines: readonly ParsedPipeline[],
  identity: (pipeline: ParsedPipeline) => string,
  labels: readonly ((pipeline: ParsedPipeline) => string)[],
): ReadonlyMap<ParsedPipeline, string> {
  const shown = new Map<ParsedPipeline, string>();
  for (const label of labels) {
    const identities = new Map<string, Set<string>>();
    for (const pipeline of pipelines) {
      const text = label(pipeline);
      identities.set(text, (identities.get(text) ?? new Set()).add(identity(pipeline)));
    }
    for (const pipeline of pipelines) {
      const text = label(pipeline);
      if (!shown.has(pipeline) && (identities.get(text)?.size === 1 || label === labels.at(-1)))
        shown.set(pipeline, text);
    }
  }
  return firstOfEach(shown, identity);
}

/** The same label for all pipelines of an identity: a value that is spelt in two ways is one. */
function firstOfEach(
  labels: ReadonlyMap<ParsedPipeline, string>,
  identity: (pipeline: ParsedPipeline) => string,
): ReadonlyMap<ParsedPipeline, string> {
  const first = new Map<string, string>();
  for (const [pipeline, label] of labels) if (!first.has(identity(pipeline))) first.set(identity(pipeline), label);
  return new Map([...labels].map(([pipeline, label]) => [pipeline, first.get(identity(pipeline)) ?? label]));
}
