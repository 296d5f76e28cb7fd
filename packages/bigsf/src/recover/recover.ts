import {
  boolean,
  ConfigurationError,
  configurable,
  float,
  int,
  list,
  literal,
  type Objection,
  type Problem,
  path,
  refine,
  resolvedConfig,
  schema,
  toYaml,
  within,
} from "@ml-mosaic/configurable";
import { Catalogue } from "../catalogue/catalogue.ts";
import { existingFile } from "../existing-file.ts";
import { filamentProfiles } from "../sample/filaments.ts";
import { Segmentation } from "../segmentation/segmentation.ts";
import type { RecoverySettings } from "./recovery-inputs.ts";
import { type RecoveryResult, type RecoveryRunOptions, runRecovery } from "./run-recovery.ts";

const rising = refine(
  list(within(float, { exclusiveMinimum: 0 })),
  "two rising numbers, such as [0.1, 2]",
  ([low = 0, high = 0, ...more]) => more.length === 0 && low > 0 && high > low,
);

/**
 * `bigsf recover`: how complete and how pure a catalogue of filaments is.
 *
 * @example await Recovery.fromConfig("config_recover.yaml").run();
 */
export class Recovery extends configurable({
  segmentation: schema(existingFile(), {
    help: "Configuration of bigsf segment, or config.yaml in its results: what made the map of probabilities",
  }),
  catalogue: schema(existingFile(), {
    help: "Configuration of bigsf catalogue, or config.yaml in its results: its map, its image, and all of its options",
  }),
  target: schema(existingFile(), { optional: true, help: "FITS file that is 1 on known filaments, for the purity" }),
  background: schema(existingFile(), {
    optional: true,
    help: "FITS file that is 1 where there is certainly no filament, for the purity",
  }),
  output: schema(path, { help: "Folder for recovery.json, its tables, its picture and config.yaml" }),
  injections: schema(within(int, { minimum: 10, maximum: 1_000_000 }), {
    default: 500,
    help: "How many filaments are put into the map, a few at a time",
  }),
  seed: schema(within(int, { minimum: 0, maximum: 2 ** 32 - 1 }), {
    default: 1,
    help: "The same seed puts the same filaments to the same places",
  }),
  contrast: schema(rising, {
    default: [0.1, 2],
    help: "Lowest and highest mean contrast: height over the background, in parts of it, as seen in the map",
  }),
  width: schema(rising, {
    default: [2, 10],
    help: "Smallest and largest full width at half maximum in pixels, as seen in the map: with its beam",
  }),
  length: schema(rising, { default: [30, 90], help: "Smallest and largest length along the spine in pixels" }),
  profile: schema(literal(...filamentProfiles), {
    default: "gaussian",
    help: "How filaments fall off from their spine; plummer: with index 3",
  }),
  crowded: schema(boolean, {
    default: false,
    help: "Whether they may lie on known filaments and beside them, as real ones do",
  }),
  least_share: schema(within(float, { exclusiveMinimum: 0, maximum: 1 }), {
    default: 0.5,
    help: "A filament is recovered if so much of its spine is covered by spines that were not there before",
  }),
  overwrite: schema(boolean, { default: false, help: "Replace the results of another configuration" }),
}) {
  override *preconditions(): Iterable<Objection> {
    for (const [option, other] of [
      ["target", "background"],
      ["background", "target"],
    ] as const)
      if (this[option] === undefined && this[other] !== undefined)
        yield {
          option,
          message: `is needed beside ${other}: purity is told by what is known to be a filament, and to be none`,
        };
    if ((this.length[1] ?? 0) > longest)
      yield { option: "length", message: `expected at most ${longest} pixels, got ${this.length[1]}` };
    if ((this.width[1] ?? 0) > widest)
      yield { option: "width", message: `expected at most ${widest} pixels, got ${this.width[1]}` };
  }

  /** @throws ConfigurationError, BigsfError, see `runRecovery` */
  run(options: RecoveryRunOptions = {}): Promise<RecoveryResult> {
    return runRecovery(this.#settings(), options);
  }

  #settings(): RecoverySettings {
    const problems: Problem[] = [];
    const read = <T>(option: "segmentation" | "catalogue", work: () => T): T | undefined => {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        problems.push(...error.problems.map((each) => ({ ...each, path: [option, ...each.path] })));
        return undefined;
      }
    };
    const segmentations = read("segmentation", () => Segmentation.fromConfig(this.segmentation).settings());
    const catalogue = read("catalogue", () => Catalogue.fromConfig(this.catalogue).settings());
    const [segmentation, ...others] = segmentations ?? [];
    if (others.length > 0)
      problems.push({
        kind: "precondition",
        path: ["segmentation", "maps"],
        message: "expected one map; give a configuration of one",
      });
    if (segmentation === undefined || catalogue === undefined || problems.length > 0)
      throw new ConfigurationError(problems);
    const { overwrite, ...given } = resolvedConfig(this);
    const { contrast, width, length } = this;
    const bounds = ([low = Number.NaN, high = Number.NaN]: readonly number[]) => [low, high] as const;
    return {
      segmentation,
      catalogue,
      target: this.target,
      background: this.background,
      output: this.output,
      injections: this.injections,
      seed: this.seed,
      contrast: bounds(contrast),
      width: bounds(width),
      length: bounds(length),
      profile: this.profile,
      crowded: this.crowded,
      leastShare: this.least_share,
      overwrite: overwrite === true,
      configuration: toYaml(given),
    };
  }
}

/** More is drawn slowly, and hardly finds a place. */
const longest = 2000;
const widest = 100;
