import { configurable, list, schema, string } from "@ml-mosaic/configurable";
import { existingFile } from "../existing-file.ts";
import { regionOption } from "./region.ts";
import { coordinatesOption } from "./same-pixels.ts";
import type { SourceMap } from "./source-map.ts";

export const channelsOption = schema(list(existingFile()), {
  optional: true,
  help: "FITS maps on the pixels of the image that models see besides it, such as temperature; each is a channel more (in_channels)",
});

/** The files of a map in a configuration. */
export class MapFiles
  extends configurable({
    name: schema(string, {
      optional: true,
      help: "Tells the map from the others, also in the names of files; that of the image by default",
    }),
    image: schema(existingFile(), { help: "FITS map, such as column density" }),
    channels: channelsOption,
    target: schema(existingFile(), { help: "1 on filaments" }),
    missing: schema(existingFile(), { help: "1 where the image is valid" }),
    background: schema(existingFile(), { help: "1 where there is certainly no filament" }),
    coordinates: coordinatesOption,
    region: regionOption,
  })
  implements SourceMap {}
