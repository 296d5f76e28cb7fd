import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { openSqliteReader, type RunRecord } from "ml-mosaic/reading";
import { expect, test } from "vitest";
import { openSqliteStore } from "../../../mosaic/src/store/index.ts";
import { exampleExperiment, examplePipeline, exampleRun } from "../../../mosaic/test/store-conformance-examples.ts";
import { RegisteredMaps } from "./registered-maps.ts";

test("a package that cannot show its maps is a notice, until there is another last run", async () => {
  const path = join(temporaryFolder(), "runs.db");
  const store = await openSqliteStore(path);
  const experimentId = await store.createExperiment(exampleExperiment);
  const add = (identity: string, modulePath: string) => {
    const { modules, training } = examplePipeline("a");
    const pipeline = { modules: modules.map((module) => ({ ...module, path: modulePath })), training };
    return store.addRuns(experimentId, [exampleRun({ identity, pipeline })]);
  };
  const reader = await openSqliteReader(path);
  // What the package is asked about is no database.
  let asked = 0;
  const runs = (query?: { readonly last?: number }): AsyncIterable<RunRecord> => {
    asked++;
    return reader.runs(query);
  };
  const maps = new RegisteredMaps({ location: temporaryFolder(), runs });
  await maps.look();
  expect([maps.source, maps.notices]).toEqual([undefined, []]);
  await add("of a package", "@ml-mosaic/bigsf");
  await maps.look();
  expect(maps.notices).toEqual([expect.stringMatching(/^@ml-mosaic\/bigsf cannot show its maps: ./)]);
  await add("of a file", "./mlp.ts");
  await maps.look();
  expect([maps.source, maps.notices, asked]).toEqual([undefined, [], 3]);
  await maps.close();
  await reader.close();
  await store.close();
});
