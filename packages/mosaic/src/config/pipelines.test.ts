import { processorSeconds } from "@ml-mosaic/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONFIG, openFolder } from "../../test/test-config.ts";
import { flatPipeline } from "../pipelines/flat-pipeline.ts";
import { readExperiment } from "./experiment.ts";
import { countPipelines, generatePipelines, generateRuns } from "./pipelines.ts";

let folder: Awaited<ReturnType<typeof openFolder>>;
beforeAll(async () => {
  folder = await openFolder();
});
afterAll(() => folder.close());

async function read(text: string) {
  return readExperiment(await folder.write(text));
}

describe("pipelines", () => {
  test("have the seed's content and order", async () => {
    const experiment = await read(CONFIG);
    const dataset = {
      type: "dataset",
      class: "DatasetOr",
      path_to_class: "./dataset.ts",
      batch_size: "1",
      data_size: "200",
      train_prop: "0.8",
      key: "data_DatasetOr",
    };
    const mlp = (width: string) => ({
      type: "mlp",
      class: "MlpFunnel",
      path_to_class: "./mlp.ts",
      length: "4",
      width,
      key: "mlp_MlpFunnel",
      name: "mlp_funnel",
    });
    const pipelines = [...generatePipelines(experiment)];
    expect(JSON.stringify(pipelines.map(flatPipeline))).toBe(
      JSON.stringify(["2", "3", "4"].map((width) => [dataset, mlp(width)])),
    );
    expect(countPipelines(experiment)).toBe(3);
  });

  test("vary PROCESS slowest, the last stage and the last option fastest, sections in file order", async () => {
    const text = CONFIG.replace("lr = 1e-2", "lr = 1e-2, 1e-3")
      .replace("batch_size = 1", "batch_size = 1, 8")
      .replace("length = 4", "length = 4, 5")
      .replace("{2-4}", "2, 3");
    const brick = "[brick]\ntype = mlp\nclass = B\npath_to_class = ./mlp.ts\nkey = b\n";
    const experiment = await read(text + brick);
    const told = [...generatePipelines(experiment)].map(({ modules: [dataset, mlp], training }) =>
      [training.lr, dataset?.options.batch_size, mlp?.className, ...Object.values(mlp?.options ?? {})].join(" "),
    );
    const models = ["MlpFunnel 4 2", "MlpFunnel 4 3", "MlpFunnel 5 2", "MlpFunnel 5 3", "B"];
    const expected = ["1e-2", "1e-3"].flatMap((lr) =>
      ["1", "8"].flatMap((size) => models.map((model) => `${lr} ${size} ${model}`)),
    );
    expect(told).toEqual(expected);
    const [last] = [...generatePipelines(experiment)].slice(-1).flatMap(flatPipeline).slice(-1);
    expect(JSON.stringify(last)).toBe('{"type":"process","lr":"1e-3","name":"PROCESS"}');
  });

  test("fill key patterns as often as they occur, with any text around", async () => {
    const experiment = await read(CONFIG.replace("mlp_{class}", () => '"k, {width}-{class}/{width}$&"'));
    const keys = [...generatePipelines(experiment)].map(({ modules }) => modules[1]?.key);
    expect(keys).toEqual(["2", "3", "4"].map((width) => `k, ${width}-MlpFunnel/${width}$&`));
  });

  test("a range of one value still expands the section, a quoted text does not", async () => {
    const experiment = await read(CONFIG.replace("{2-4}", "{2-2}").replace("batch_size = 1", 'batch_size = "1, 2"'));
    const [pipeline] = [...generatePipelines(experiment)];
    expect(pipeline?.modules.map(({ section }) => section)).toEqual([undefined, "mlp_funnel"]);
  });

  test("repeat in a row", async () => {
    const experiment = await read(CONFIG);
    const runs = [...generateRuns(experiment, experiment.monitor.multiplicity)];
    expect(runs.map(({ pipeline, repetition }) => `${pipeline.modules[1]?.options.width}.${repetition}`)).toEqual(
      ["2", "3", "4"].flatMap((width) => [0, 1, 2, 3].map((repetition) => `${width}.${repetition}`)),
    );
  });

  test("100,000 come quickly and are not kept", async () => {
    const experiment = await read(CONFIG.replace("{2-4}", "{1-1000}").replace("length = 4", "length = {1-100}"));
    const heapBefore = process.memoryUsage().heapUsed;
    let count = 0;
    const seconds = await processorSeconds(() => {
      for (const pipeline of generatePipelines(experiment)) count += pipeline.modules.length === 2 ? 1 : 0;
    });
    expect(count).toBe(100_000);
    expect(seconds).toBeLessThan(10);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(300e6);
  });

  test("the count equals the generated length, and no two are equal", async () => {
    const list = fc
      .integer({ min: 1, max: 4 })
      .map((size) => Array.from({ length: size }, (_, index) => `v${index}`).join(", "));
    await fc.assert(
      fc.asyncProperty(list, list, list, fc.integer({ min: 1, max: 3 }), async (first, second, third, epochs) => {
        const text = CONFIG.replace("= 200", `= ${first}`)
          .replace("= {2-4}", `= ${second}`)
          .replace("epochs = 400", `epochs = {1-${epochs}}`);
        const more = `[more]\ntype = mlp\nclass = More\npath_to_class = ./mlp.ts\nx = ${third}\nkey = more\n`;
        const experiment = await read(text + more);
        const pipelines = [...generatePipelines(experiment)];
        expect(pipelines).toHaveLength(countPipelines(experiment));
        expect(new Set(pipelines.map((pipeline) => JSON.stringify(pipeline))).size).toBe(pipelines.length);
      }),
      { numRuns: 30 },
    );
  });
});
