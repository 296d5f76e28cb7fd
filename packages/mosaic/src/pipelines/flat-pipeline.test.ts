import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentDigest, flatPipeline, parsePipeline, readPipeline, withKeys } from "./flat-pipeline.ts";
import type { Pipeline } from "./pipeline.ts";

const data = { type: "data", class: "Data", path_to_class: "./data.ts", size: "8", key: "d" };
const net = { key: "n", width: "2", type: "net", class: "Net", path_to_class: "./net.ts", name: "NET" };
const flat = [data, net, { type: "process", lr: "1e-2", name: "PROCESS" }];

function parsed(json: unknown): Pipeline {
  const result = parsePipeline(json);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.pipeline;
}

describe("the flat form", () => {
  test("tells what is Mosaic's from the class's own options", () => {
    expect(parsed(flat)).toMatchObject({
      modules: [
        { type: "data", className: "Data", path: "./data.ts", key: "d", options: { size: "8" } },
        { type: "net", className: "Net", path: "./net.ts", key: "n", section: "NET", options: { width: "2" } },
      ],
      training: { lr: "1e-2" },
    });
    expect(parsed(flat).modules.map(({ options }) => Object.keys(options))).toEqual([["size"], ["width"]]);
  });

  test("comes back as it was, the order of names included", () => {
    const names = fc.subarray(["a", "b", "size", "constructor", "x.y"]);
    const module = fc.tuple(names, fc.string(), fc.boolean()).chain(([options, text, isNamed]) => {
      const own = ["type", "class", "path_to_class", "key"];
      const all = [...own, ...options];
      return fc
        .shuffledSubarray(all, { minLength: all.length, maxLength: all.length })
        .map((order) => Object.fromEntries([...order, ...(isNamed ? ["name"] : [])].map((name) => [name, text])));
    });
    fc.assert(
      fc.property(fc.array(module, { minLength: 1, maxLength: 3 }), (modules) => {
        const given = modules.filter(({ type }) => type !== "process");
        fc.pre(given.length > 0);
        expect(JSON.stringify(flatPipeline(parsed(given)))).toBe(JSON.stringify(given));
      }),
    );
    expect(JSON.stringify(flatPipeline(parsed(flat)))).toBe(JSON.stringify(flat));
  });

  test("has the original's order where none is given", () => {
    const module = { type: "t", className: "C", path: "p", key: "k", section: "S", options: { b: "1", a: "2" } };
    expect(JSON.stringify(flatPipeline({ modules: [module], training: {} }))).toBe(
      '[{"type":"t","class":"C","path_to_class":"p","b":"1","a":"2","key":"k","name":"S"}]',
    );
  });

  test("takes numbers, as the original has written some", () => {
    const numbers = JSON.stringify([{ ...data, size: 8 }, net]);
    expect(readPipeline(numbers)).toEqual(parsed([data, net]));
    expect(parsePipeline([{ ...data, size: [8] }, net])).toEqual({
      ok: false,
      faults: ["[0].size: expected a text in quotes, got a list"],
    });
    for (const none of ["{", "7", "[]", '[{"type": "net"}]', '[[["net"]]]']) expect(readPipeline(none)).toBeUndefined();
  });

  test("changes keys and nothing else", () => {
    const text = JSON.stringify([{ ...data, size: 8 }, net, flat[2]]);
    expect(withKeys(text, ["d2", "n2"])).toBe(
      JSON.stringify([{ ...data, size: 8, key: "d2" }, { ...net, key: "n2" }, flat[2]]),
    );
  });
});

test("pipelines are the same whatever their keys, sections and order of options", () => {
  const content = contentDigest(parsed(flat));
  expect(contentDigest(parsed([data, { ...net, key: "other", name: "OTHER" }, flat[2]]))).toBe(content);
  expect(contentDigest(parsed([Object.fromEntries(Object.entries(data).reverse()), net, flat[2]]))).toBe(content);
  for (const changed of [
    { ...net, width: "3" },
    { ...net, depth: "1" },
    { ...net, path_to_class: "./other.ts" },
  ])
    expect(contentDigest(parsed([data, changed, flat[2]]))).not.toBe(content);
  expect(contentDigest(parsed([data, net]))).not.toBe(content);
});
