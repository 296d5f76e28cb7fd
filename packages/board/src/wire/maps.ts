/** Maps that another program shows on the page, and scores over the parts of its data: `api/maps` and `api/map/ID`. */
import { decodeBlock, encodeBlock } from "./block.ts";

/** `api/maps` */
export interface MapsInfo {
  readonly maps: readonly MapInfo[];
  readonly scores: Scores | null;
  /** What has to be known to read them. */
  readonly notes: readonly string[];
}

export interface MapInfo {
  readonly id: string;
  readonly title: string;
  /** What its values are, with their unit. */
  readonly quantity: string;
  readonly note: string;
}

/** Figures of each part of the data that was held out in turn. */
export interface Scores {
  /** What a part is, such as "split". */
  readonly of: string;
  readonly parts: readonly string[];
  readonly figures: readonly {
    readonly name: string;
    /** In the order of the parts. */
    readonly values: readonly (number | null)[];
    readonly mean: number | null;
    readonly low: number | null;
    readonly high: number | null;
  }[];
  /** What the intervals are. */
  readonly interval: string;
}

interface PlaneHeader {
  /** Of the map itself. */
  readonly height: number;
  readonly width: number;
  /** Pixels of the map along each side of a cell. */
  readonly factor: number;
  readonly rows: number;
  readonly columns: number;
  /** Where the colours begin and end. */
  readonly range: readonly [low: number, high: number];
  /** How values become colours between them. */
  readonly stretch: "linear" | "asinh";
  /** What the outline is of; "" where there is none. */
  readonly outlined: string;
  /** Classes from 1; none where areas are not coloured. */
  readonly classes: readonly { readonly label: string; readonly colour: string }[];
}

/** A map made small enough to be drawn: cells row after row, the first row at the bottom. */
export interface MapPlane extends PlaneHeader {
  /** NaN where there is none. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Not 0 inside; empty where nothing is outlined. */
  readonly outline: Uint8Array<ArrayBuffer>;
  /** The class of each cell, 0 for none; empty where there are no classes. */
  readonly areas: Uint8Array<ArrayBuffer>;
}

export function encodePlane({ values, outline, areas, ...header }: MapPlane): Uint8Array<ArrayBuffer> {
  return encodeBlock<PlaneHeader>({ header, arrays: [values, outline, areas] });
}

export function decodePlane(bytes: ArrayBuffer): MapPlane {
  const { header, arrays } = decodeBlock<PlaneHeader>(bytes);
  const [values, outline, areas] = arrays;
  if (!(values instanceof Float32Array && outline instanceof Uint8Array && areas instanceof Uint8Array))
    throw new Error("the map is not as its header says");
  return { ...header, values, outline, areas };
}
