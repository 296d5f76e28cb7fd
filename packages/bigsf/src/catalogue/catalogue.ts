import {
  boolean,
  configurable,
  float,
  int,
  literal,
  type Objection,
  path,
  resolvedConfig,
  schema,
  toYaml,
  union,
  within,
} from "@ml-mosaic/configurable";
import { existingFile } from "../existing-file.ts";
import { coordinatesOption } from "../maps/same-pixels.ts";
import {
  type CatalogueResult,
  type CatalogueRunOptions,
  type CatalogueSettings,
  runCatalogue,
} from "./run-catalogue.ts";

const share = within(float, { minimum: 0, maximum: 1 });
const positive = within(float, { exclusiveMinimum: 0 });

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
  least_significance: schema(within(float, { minimum: 0 }), {
    default: 0,
    help: "Filaments of an amplitude below so many times the scatter of the background beside them are left out",
  }),
  reach: schema(positive, {
    optional: true,
    help: "Pixels to each side of the spine over which profiles are fitted; five half widths of the mask, at least 10, by default",
  }),
  beam: schema(positive, {
    optional: true,
    help: "Full width at half maximum of the image's beam in arc seconds; from BMAJ and BMIN of its header by default",
  }),
  plummer_index: schema(union(literal("free"), within(float, { minimum: 1.2, maximum: 20 })), {
    default: 2,
    help: "Index p of the Plummer profile; free: it is fitted",
  }),
  distance: schema(union(positive, existingFile()), {
    optional: true,
    help: "Parsecs, of all; or a FITS map in pc or kpc on the same pixels; or a .csv with the columns name and distance (pc)",
  }),
  mean_molecular_weight: schema(positive, {
    default: 2.8,
    help: "Mass of a counted particle in hydrogen atoms; 2.8 of a hydrogen molecule with its share of helium",
  }),
  atlas: schema(within(int, { minimum: 0 }), {
    default: 20,
    help: "How many filaments get a page and a cut-out in the folder atlas: those that stand out most; without an image the longest",
  }),
  recovery: schema(path, {
    optional: true,
    help: "recovery.json of bigsf recover: how complete the catalogue is, and how probable each filament, in columns of their own",
  }),
  overwrite: schema(boolean, { default: false, help: "Replace the results of another configuration" }),
}) {
  override *preconditions(): Iterable<Objection> {
    const { threshold, low_threshold } = this;
    if (low_threshold !== undefined && low_threshold > threshold)
      yield { option: "low_threshold", message: `expected at most the threshold, ${threshold}, got ${low_threshold}` };
    if (this.image === undefined) {
      const given = { least_significance: this.least_significance > 0, reach: this.reach, beam: this.beam };
      for (const [option, value] of Object.entries(given))
        if (value !== undefined && value !== false) yield { option, message: "is of an image, and none is given" };
    }
    for (const option of ["threshold", "low_threshold"] as const)
      if (this[option] === 0) yield { option, message: "expected more than 0: all of the map would be a filament" };
  }

  /** @throws ConfigurationError, BigsfError, see `runCatalogue` */
  run(options: CatalogueRunOptions = {}): Promise<CatalogueResult> {
    return runCatalogue(this.settings(), options);
  }

  /** What it is made by. */
  settings(): CatalogueSettings {
    const { overwrite, ...given } = resolvedConfig(this);
    return {
      probability: this.probability,
      image: this.image,
      coordinates: this.coordinates,
      output: this.output,
      threshold: this.threshold,
      lowThreshold: this.low_threshold ?? 0.6 * this.threshold,
      spur: this.spur,
      mostTurn: this.most_turn,
      leastLength: this.least_length,
      leastSignificance: this.least_significance,
      atlas: this.atlas,
      reach: this.reach,
      beam: this.beam,
      plummerIndex: this.plummer_index === "free" ? undefined : this.plummer_index,
      distance: this.distance,
      meanMolecularWeight: this.mean_molecular_weight,
      overwrite: overwrite === true,
      recovery: this.recovery,
      configuration: toYaml(given),
    };
  }
}
