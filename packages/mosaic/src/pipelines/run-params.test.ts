import { describe, expect, test } from "vitest";
import type { Pipeline } from "./pipeline.ts";
import { processParams, runParams, stagesOf } from "./run-params.ts";

const pipeline: Pipeline = {
  modules: [
    { type: "a", className: "data", path: "./a.ts", key: "ka", options: { scheme: "module's", size: "8" } },
    { type: "b", className: "Net", path: "./b.ts", key: "kb", options: { width: "2" } },
    { type: "c", className: "Net", path: "./b.ts", key: "kc", options: { width: "3" } },
  ],
  training: { lr: "1e-2" },
};
const process = {
  lr: "1e-2",
  data_scheme: '"a"',
  pipeline_scheme: "b, c",
  optimizer: "SGD",
  "optimizer.momentum": "0.9",
};

describe("the rows of params", () => {
  test("are those of the modules, then those of PROCESS", () => {
    expect(runParams(pipeline, process)).toEqual([
      ["data_scheme", "module's"],
      ["data_size", "8"],
      ["a_key", "ka"],
      ["Net_width", "2"],
      ["b_key", "kb"],
      ["Net_width", "3"],
      ["c_key", "kc"],
      ...Object.entries(process),
    ]);
  });

  test("give the options of PROCESS back, where a module's has the name of one too", () => {
    expect(JSON.stringify(processParams(pipeline, runParams(pipeline, process)))).toBe(JSON.stringify(process));
  });

  test("of the original, which has more of them, too", () => {
    const original = Object.entries({ Net_type: "b", Net_width: "2", Net_name: "N", status: "done", lr: "0.1" });
    expect(processParams(pipeline, original)).toEqual({ lr: "0.1" });
    expect(processParams(undefined, original)).toEqual({ lr: "0.1" });
  });
});

test("stages are told apart by data_scheme, quoted or not, else by their place", () => {
  const types = (scheme: Readonly<Record<string, string>>) => {
    const { data, model } = stagesOf(pipeline, scheme);
    return [data.map(({ type }) => type), model.map(({ type }) => type)];
  };
  expect(types(process)).toEqual([["a"], ["b", "c"]]);
  expect(types({ data_scheme: "a, b" })).toEqual([["a", "b"], ["c"]]);
  expect(types({})).toEqual([["a"], ["b", "c"]]);
  const only = { ...pipeline, modules: pipeline.modules.slice(0, 1) };
  expect(stagesOf(only, {}).model).toHaveLength(1);
});
