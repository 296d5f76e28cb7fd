/** Maps of data that are cut into patches: which fold each area is in, and what the target is. */
import type { MapInfo, MapPlane } from "@ml-mosaic/board";
import type { PatchesData } from "../datasets/patches-data.ts";
import { planeOf } from "./map-planes.ts";
import { foldAreas, readTrainingMap, type TrainingMap } from "./training-maps.ts";

/** A map, drawn when it is looked at. */
export interface Shown {
  readonly info: MapInfo;
  plane(): Promise<MapPlane>;
}

export class FoldPlanes {
  readonly #data: PatchesData;
  /** Begins the ids of its maps. */
  readonly #prefix: string;
  /** By place in the data. */
  readonly #maps = new Map<number, Promise<TrainingMap>>();

  constructor(data: PatchesData, prefix = "") {
    this.#data = data;
    this.#prefix = prefix;
  }

  /** Of all folds together, and of each split. */
  async shown(): Promise<readonly Shown[]> {
    const opened = await this.#data.open();
    const { source, splits, assignment } = opened;
    return source.maps.flatMap((map, place) => {
      const of = source.maps.length > 1 ? `, ${map.name}` : "";
      const shown = (id: string, title: string, split: number | undefined): Shown => ({
        info: {
          id: `${this.#prefix}${id}`,
          title,
          quantity: "intensity",
          note: "What has no colour is in no patch that is used. Whole areas are in one fold, so that no pixel is in two.",
        },
        plane: async () => {
          const read = await this.#mapAt(place);
          return planeOf(read.preview, { areas: foldAreas(opened, map, read, split) });
        },
      });
      return [
        ...(assignment.folds > 1 ? [shown(`folds-${place}`, `${assignment.folds} folds${of}`, undefined)] : []),
        ...splits.map((_, split) =>
          shown(
            `split-${split + 1}-${place}`,
            `Split ${split + 1} of ${splits.length}: train, valid, test${of}`,
            split,
          ),
        ),
      ];
    });
  }

  /** What is outlined on a map of this shape; undefined where the data's own has another one. */
  async target(place: number, shape: readonly number[]) {
    const read = await this.#mapAt(place);
    if (String(read.shape) !== String(shape)) return undefined;
    return { label: "filaments of the target", cells: read.target };
  }

  /** Read when it is first looked at. */
  #mapAt(place: number): Promise<TrainingMap> {
    const known = this.#maps.get(place);
    if (known !== undefined) return known;
    const reading = this.#data.open().then(({ source }) => {
      const map = source.maps[place];
      if (map === undefined) throw new RangeError(`there is no map ${place}`);
      return readTrainingMap(this.#data, map);
    });
    reading.catch(() => this.#maps.delete(place));
    this.#maps.set(place, reading);
    return reading;
  }
}
