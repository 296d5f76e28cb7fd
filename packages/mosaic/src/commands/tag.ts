import { countText } from "@ml-mosaic/base";
import { command } from "@ml-mosaic/command-line";
import { boolean, path, schema } from "@ml-mosaic/configurable";
import { selectRuns } from "../selection/select-runs.ts";
import { tagName } from "../selection/tag-name.ts";
import { openSqliteStore } from "../store/index.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";

export const tagCommand = command({
  name: "tag",
  summary: "Give runs a tag, by which they can be selected, or take it away.",
  arguments: {
    database_file: schema(path, { help: "database that holds the runs (.db)" }),
    name: schema(tagName, { help: "the tag" }),
  },
  options: {
    ...selectorOptions,
    delete: schema(boolean, { help: "take the tag away" }),
  },
  preconditions(given) {
    selectorOf(given);
  },
  examples: ["mosaic tag results.db baseline --id 1-4", "mosaic tag results.db baseline --tag baseline --delete"],
  async run(given, { out, err }) {
    const store = await openSqliteStore(given.database_file, { create: false, say: (line) => err(`${line}\n`) });
    try {
      for (const notice of store.notices) err(`${notice}\n`);
      const runIds = await selectRuns(store, selectorOf(given));
      const { name } = given;
      const changed = await store.setTag(name, runIds, !given.delete);
      const unchanged = runIds.length - changed;
      const others = unchanged === 0 ? "" : given.delete ? `; ${unchanged} had it not` : `; ${unchanged} had it before`;
      out(`${countText(changed, "run")} ${given.delete ? "no longer tagged" : "tagged"} ${name}${others}\n`);
      return 0;
    } finally {
      await store.close();
    }
  },
});
