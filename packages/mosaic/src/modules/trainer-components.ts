/** Components of a Trainer's configuration as modules of a pipeline. */
import { int, type SchemaMap, schema } from "@ml-mosaic/configurable";
import { Generator } from "@ml-mosaic/tensor";
import { BaseData, BaseModel, type DataLoaders } from "@ml-mosaic/training";
import { MosaicError } from "../errors.ts";
import type { DataModule, Info, KnowingData, PipelineModule, RunInfo } from "./contract.ts";
import type { UserClass } from "./load-class.ts";

/** What data need to be told that their own options do not say: in a Trainer's file it stands elsewhere. */
const dataOptions = {
  batch_size: schema(int, { default: 16, help: "Samples of a batch" }),
  fold: schema(int, { default: 1, help: "Which split of the data, counted from 1; a list or range makes runs of all" }),
};

/** Options of Mosaic's own, for such a class. */
export function addedOptions(userClass: UserClass): SchemaMap {
  return userClass.prototype instanceof BaseData ? dataOptions : {};
}

/** An instance as the stages of a pipeline are used; it is the instance itself where it is no component of a Trainer. */
export function asModule(instance: object, values: Readonly<Record<string, unknown>>): object {
  if (instance instanceof BaseData) return dataModule(instance, Number(values.batch_size), Number(values.fold));
  if (instance instanceof BaseModel && !("info" in instance))
    return Object.assign(instance, { info: (): Info => ({}) }) satisfies Pick<PipelineModule, "info">;
  return instance;
}

/**
 * Mosaic trains on the training set and evaluates the test set after every epoch. It chooses no epoch by it, so that
 * the validation set is not needed.
 */
function dataModule(data: BaseData, batchSize: number, fold: number): DataModule & KnowingData {
  let told: DataLoaders["figures"];
  return {
    get figures() {
      return told ?? [];
    },
    async prepare(_data: unknown, { seed }: RunInfo) {
      const splits = await data.splitCount();
      if (fold < 1 || fold > splits) {
        throw new MosaicError(
          "NO_SUCH_FOLD",
          `fold is ${fold}; the data have ${splits === 1 ? "one split, so it is 1" : `${splits} splits, so it is 1 to ${splits}`}`,
        );
      }
      const generator = new Generator(seed).stream("data");
      const { train, test, valid, figures } = await data.loaders({ split: fold - 1, batchSize, generator });
      told = figures;
      return [train, test ?? valid];
    },
    info: () => ({ batch_size: batchSize, fold }),
    objections: (asked) => data.objections(asked),
    close: () => data.close(),
  };
}
