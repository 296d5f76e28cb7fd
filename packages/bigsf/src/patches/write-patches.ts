import { pendingFile } from "@ml-mosaic/base";
import type { MapSection, Maps, PixelBlock } from "../maps/maps.ts";
import { channelCount } from "./channel-count.ts";
import { createHdf5, type Hdf5Dataset, type Hdf5File, type Hdf5Group, tryHdf5 } from "./hdf5.ts";
import { imageHeaderText, writeAttributes, writeMapAttributes } from "./patch-file-attributes.ts";
import {
  CHUNK_BYTES,
  chunkLength,
  LAYERS,
  MAPS,
  type MapAttributes,
  type PatchFileAttributes,
  POSITIONS,
  POSITIONS_CHUNK,
  pixelByPixel,
  VALID,
} from "./patch-file-layout.ts";
import { patchGrid } from "./patch-grid.ts";
import { type CutRules, cutPatch, isKept } from "./patch-rules.ts";
import { scanPatches } from "./scan-patches.ts";

/** One of the maps that patches are written of. */
export interface WrittenMap extends MapAttributes {
  readonly name: string;
  readonly maps: Maps;
  /** Number of patches that are kept. */
  readonly count: number;
  readonly rules: CutRules;
}

export interface WriteOptions {
  readonly maps: readonly WrittenMap[];
  readonly path: string;
  readonly attributes: PatchFileAttributes;
  /** About this many pixels of the maps are read at once, but at least a row; 2^18 by default. */
  readonly sectionPixels?: number | undefined;
  /** Told from time to time how many patches are written. */
  readonly onPatches?: (written: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** About this many bytes of each data set are handed over at once. */
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Cuts all patches that are kept and writes them. The file appears under its name when it is whole; memory is some rows
 * of the maps.
 *
 * @throws BigsfError `OUTPUT` or WriteError where the file cannot be written; what was begun is removed
 */
export async function writePatches(options: WriteOptions): Promise<void> {
  await using file = await pendingFile(options.path, { durable: true });
  await fill(file.temporary, options);
  await file.publish();
}

async function fill(temporary: string, options: WriteOptions): Promise<void> {
  const { maps, attributes, onPatches } = options;
  const attempt = <T>(action: () => T): T => tryHdf5("OUTPUT", `${options.path} cannot be written`, action);
  const file = await createHdf5(temporary);
  const total = maps.reduce((sum, { count }) => sum + count, 0);
  const channels = channelCount(
    maps.map((map) => map.maps.paths),
    attributes,
  );
  const sets = attempt(() => createDatasets(file, attributes, { count: total, channels }));
  attempt(() => writeAttributes(file, attributes));
  const groups = maps.length > 1 ? attempt(() => file.create_group(MAPS)) : undefined;
  const batch = makeBatch(attributes.patchSize, channels, sets);
  let first = 0;
  for (const map of maps) {
    const group = groups === undefined ? file : attempt(() => groups.create_group(map.name));
    const valid = attempt(() => startMap(group, map, attributes.compression));
    if (groups !== undefined) {
      attempt(() => group.create_attribute("first_patch", first, [], "<i"));
      attempt(() => group.create_attribute("patch_count", map.count, [], "<i"));
    }
    await addPatches(map, { valid, batch, attempt, options });
    first += map.count;
  }
  attempt(batch.flush);
  attempt(() => file.close());
  onPatches?.(total);
}

interface MapTarget {
  readonly valid: Hdf5Dataset;
  readonly batch: ReturnType<typeof makeBatch>;
  readonly attempt: <T>(action: () => T) => T;
  readonly options: WriteOptions;
}

async function addPatches({ maps, rules }: WrittenMap, { valid, batch, attempt, options }: MapTarget): Promise<void> {
  const { attributes, sectionPixels, onPatches, signal } = options;
  const grid = patchGrid(maps.shape, attributes);
  const window = rowWindow(attributes.patchSize, grid.mapShape[1]);
  const onSection = (section: MapSection, firstRow: number) => {
    window.add(section);
    const rows = section.valid.length / section.width;
    attempt(() => valid.write_slice([[firstRow, firstRow + rows], []], section.valid));
  };
  for await (const { y0, flags } of scanPatches(maps, grid, { onSection, sectionPixels, signal })) {
    for (const [i, each] of flags.entries()) {
      if (!isKept(each)) continue;
      const x0 = i * grid.stride;
      cutPatch(window.block, y0 - window.firstRow, x0, rules, batch.buffers, batch.length);
      if (batch.add(y0, x0)) {
        const written = attempt(batch.flush);
        onPatches?.(written);
        // Writing blocks; a signal or another task has its turn in between.
        await new Promise(setImmediate);
        signal?.throwIfAborted();
      }
    }
  }
}

/** The rows that patches are cut from: the section that was read last, and at least P - 1 rows before it. */
function rowWindow(patchSize: number, width: number) {
  let block: PixelBlock | undefined;
  let [firstRow, rows, capacity] = [0, 0, 0];
  return {
    get block(): PixelBlock {
      if (block === undefined) throw new Error("nothing was read");
      return block;
    },
    get firstRow() {
      return firstRow;
    },
    /** Sections come from the first row of the map to the last; none has more rows than the first. */
    add({ image, others, target, labelled }: MapSection): void {
      const added = labelled.length / width;
      if (block === undefined) {
        // Where sections are low, rows are moved once for a quarter of a patch, not for every section.
        capacity = patchSize - 1 + Math.max(added, Math.ceil(patchSize / 4));
        block = {
          width,
          image: new Float64Array(capacity * width),
          others: others.map(() => new Float64Array(capacity * width)),
          target: new Float32Array(capacity * width),
          labelled: new Uint8Array(capacity * width),
        };
      }
      if (rows + added > capacity) {
        const gone = rows - (patchSize - 1);
        for (const layer of [block.image, ...block.others, block.target, block.labelled])
          layer.copyWithin(0, gone * width, rows * width);
        firstRow += gone;
        rows -= gone;
      }
      block.image.set(image, rows * width);
      for (const [channel, pixels] of others.entries()) block.others[channel]?.set(pixels, rows * width);
      block.target.set(target, rows * width);
      block.labelled.set(labelled, rows * width);
      rows += added;
    },
  };
}

interface Sets {
  readonly layers: readonly Hdf5Dataset[];
  readonly positions: Hdf5Dataset;
}

function createDatasets(
  file: Hdf5File,
  { patchSize, compression }: PatchFileAttributes,
  { count, channels }: { readonly count: number; readonly channels: number },
): Sets {
  const create = (name: string, dtype: "<f" | "<i", shape: readonly number[], chunk: number) => {
    // Created without patches and made longer, since the library wants the data of what it creates.
    const set = file.create_dataset({
      name,
      data: dtype === "<f" ? new Float32Array(0) : new Int32Array(0),
      dtype,
      shape: [0, ...shape],
      maxshape: [null, ...shape],
      chunks: [chunk, ...shape],
      ...(compression > 0 ? { compression } : {}),
    });
    set.resize([count, ...shape]);
    return set;
  };
  const layers = LAYERS.map((name) =>
    create(name, "<f", [patchSize, patchSize, name === "patches" ? channels : 1], chunkLength(patchSize)),
  );
  return { layers, positions: create(POSITIONS, "<i", [2, 2, 1], POSITIONS_CHUNK) };
}

/** Writes what is known of a map, and makes room for which of its pixels are valid. */
function startMap(group: Hdf5Group, map: WrittenMap, compression: number): Hdf5Dataset {
  writeMapAttributes(group, map);
  group.create_attribute("image_header", imageHeaderText(map.maps.header));
  const [height, width] = map.shape;
  const valid = group.create_dataset({
    name: VALID,
    data: new Uint8Array(0),
    dtype: "<B",
    shape: [0, width],
    maxshape: [height, width],
    chunks: [Math.max(1, Math.min(height, Math.floor(CHUNK_BYTES / width))), width],
    ...(compression > 0 ? { compression } : {}),
  });
  valid.resize([height, width]);
  return valid;
}

/** Patches on their way to the file. */
function makeBatch(patchSize: number, channels: number, { layers, positions }: Sets) {
  const pixels = patchSize * patchSize;
  const chunk = chunkLength(patchSize);
  const capacity = chunk * Math.max(1, Math.floor(BATCH_BYTES / (4 * pixels * chunk)));
  const buffers = {
    patches: new Float32Array(capacity * channels * pixels),
    spines: new Float32Array(capacity * pixels),
    labelled: new Float32Array(capacity * pixels),
  };
  const places = new Int32Array(capacity * 4);
  let length = 0;
  let written = 0;
  return {
    buffers,
    get length() {
      return length;
    },
    /** @returns whether the batch is full now */
    add(y0: number, x0: number): boolean {
      places.set([y0, y0 + patchSize, x0, x0 + patchSize], 4 * length);
      length += 1;
      return length === capacity;
    },
    /** @returns how many patches are written by now */
    flush(): number {
      if (length === 0) return written;
      const range: [number, number] = [written, written + length];
      for (const [index, name] of LAYERS.entries()) {
        const own = name === "patches" ? channels : 1;
        const values = buffers[name].subarray(0, length * own * pixels);
        layers[index]?.write_slice([range, [], [], []], pixelByPixel(values, own, pixels));
      }
      positions.write_slice([range, [], [], []], places.subarray(0, 4 * length));
      written += length;
      length = 0;
      return written;
    },
  };
}
