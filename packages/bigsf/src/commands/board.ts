import { startBoardServer } from "@ml-mosaic/board";
import { command } from "@ml-mosaic/command-line";
import { list, path, schema } from "@ml-mosaic/configurable";
import { openBoard, servingOptions } from "ml-mosaic/board";
import { openDatabaseMaps } from "../board/database-maps.ts";
import { openFolderMaps } from "../board/folder-maps.ts";

export const boardCommand = command({
  name: "board",
  summary: "Look at folds, probabilities and scores in a browser, while they come and afterwards.",
  arguments: {
    folders: schema(list(path), {
      help: "folders of train, train-k-fold or segment, and databases (.db) of mosaic run on patches; the page shows one and links the others",
    }),
  },
  options: servingOptions,
  examples: ["bigsf board results/k_fold", "bigsf board results/k_fold segmented", "bigsf board results/k_fold --stop"],
  run(given, terminal) {
    const { folders } = given;
    const mapsOf = async (location: string) =>
      location.endsWith(".db") ? openDatabaseMaps(location) : openFolderMaps(location);
    return openBoard(
      {
        shown: folders,
        words: "bigsf board",
        start: (settings) => startBoardServer({ ...settings, databases: folders, mapsOf }),
      },
      given,
      terminal,
    );
  },
});
