import { path, schema } from "@ml-mosaic/configurable";

export const configOption = {
  config: schema(path, { aliases: ["c"], words: "FILE", help: "configuration (.yaml)" }),
};
