import {
  boolean,
  configurable,
  float,
  type Objection,
  path,
  resolvedConfig,
  schema,
  toYaml,
  within,
} from "@ml-mosaic/configurable";
import { existingFile } from "../existing-file.ts";
import { coordinatesOption } from "../maps/same-pixels.ts";
import { type CatalogueResult, type CatalogueRunOptions, runCatalogue } from "./run-catalogue.ts";

const share = within(float, { minimum: 0, maximum: 1 });

/**
 * `bigsf catalogue`: from a map of probabilities to a catalogue of filaments.
 *
 * @example await Catalogue.fromConfig("config_catalogue.yaml").run();
 */
export class Catalogue extends configurable({
  probability: schema(existingFile(), {
    help: "FITS map of probabilities, of bigsf segment or another program; or a mask or skeleton that is 1 on filaments",
  }),
  image: schema(existingFile(), {
    optional: true,
    help: "FITS map that the filaments are measured in, such as column density",
  }),
  coordinates: coordinatesOption,
  output: schema(path, { help: "Folder for the catalogue, its pictures and config.yaml" }),
  threshold: schema(share, { default: 0.5, help: "A filament has a pixel whose probability is at least this" }),
  low_threshold: schema(share, {
    optional: true,
    help: "It reaches as far as the probability is at least this; six tenths of threshold by default",
  }),
  spur: schema(within(float, { minimum: 0 }), {
    default: 1,
    help: "Branches that end freely before so many widths of the mask are no filaments but its rough edge",
  }),
  most_turn: schema(within(float, { minimum: 0, maximum: 180 }), {
    default: 45,
    help: "A filament goes on through a node where it turns by no more than so many degrees",
  }),
  least_length: schema(within(float, { minimum: 2 }), {
    default: 10,
    help: "Pixels along the spine of the shortest filament that is kept",
  }),
  overwrite: schema(boolean, { default: false, help: "Replace the results of another configuration" }),
}) {
  override *preconditions(): Iterable<Objection> {
    const { threshold, low_threshold } = this;
    if (low_threshold !== undefined && low_threshold > threshold)
      yield { option: "low_threshold", message: `expected at most the threshold, ${threshold}, got ${low_threshold}` };
    for (const option of ["threshold", "low_threshold"] as const)
      if (this[option] === 0) yield { option, message: "expected more than 0: all of the map would be a filament" };
  }

  /** @throws ConfigurationError, BigsfError, see `runCatalogue` */
  run(options: CatalogueRunOptions = {}): Promise<CatalogueResult> {
    const { overwrite, ...given } = resolvedConfig(this);
    return runCatalogue(
      {
        probability: this.probability,
        image: this.image,
        coordinates: this.coordinates,
        output: this.output,
        threshold: this.threshold,
        lowThreshold: this.low_threshold ?? 0.6 * this.threshold,
        spur: this.spur,
        mostTurn: this.most_turn,
        leastLength: this.least_length,
        overwrite: overwrite === true,
        configuration: toYaml(given),
      },
      options,
    );
  }
}
