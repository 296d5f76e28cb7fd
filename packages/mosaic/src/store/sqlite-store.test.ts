import { rm } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { describeStore } from "../../test/store-conformance.ts";
import { openSqliteReader, openSqliteStore } from "./open-sqlite-store.ts";

describeStore("SQLite", async () => {
  const folder = temporaryFolder("mosaic store ");
  const path = join(folder, "it's a 100% #1 ?store?.db");
  return {
    openStore: (timing) => openSqliteStore(path, timing),
    openReader: () => openSqliteReader(path),
    remove: () => rm(folder, { recursive: true }),
  };
});
