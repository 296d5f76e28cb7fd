import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { BigsfError } from "../errors.ts";
import { findDataset, type Hdf5Dataset, type Hdf5File, openHdf5, tryHdf5 } from "./hdf5.ts";
import { LruCache } from "./lru-cache.ts";
import { readAttributes, readMaps } from "./patch-file-attributes.ts";
import { bytesPerPatch, channelByChannel, LAYERS, POSITIONS, VALID } from "./patch-file-layout.ts";
import type { PatchBuffers, PatchedMap, PatchSource } from "./patch-source.ts";

export interface PatchFileOptions {
  /** Most bytes of patches that are kept in memory, unpacked; 256 MiB by default. */
  readonly cacheBytes?: number;
}

/**
 * Opens `patches.h5`, also one that other software made, if it has the four data sets.
 *
 * @throws BigsfError `PATCHES`
 */
export async function openPatchFile(
  path: string,
  { cacheBytes = 256 * 2 ** 20 }: PatchFileOptions = {},
): Promise<PatchSource> {
  const file = await openHdf5(path);
  try {
    return await patchFile(path, file, cacheBytes);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function patchFile(path: string, file: Hdf5File, cacheBytes: number): Promise<PatchSource> {
  const attempt = <T>(action: () => T): T => tryHdf5("PATCHES", `${path} cannot be read`, action);
  const { sets, length, patchSize, channels, positions } = attempt(() => readLayout(path, file));
  const attributes = attempt(() => readAttributes(file));
  const maps = attempt(() => readMaps(file)).map(
    ({ name, group, shape: told, inside, header, sources, labelledShare, patches }): PatchedMap => {
      const valid = findDataset(group, VALID);
      const [start, count] = patches ?? [0, length];
      const shape = told ?? farthestCorner(positions.subarray(2 * start, 2 * (start + count)), patchSize);
      return {
        name,
        shape,
        inside: inside ?? shape,
        header,
        imageDigest: sources?.image,
        labelledShare,
        start,
        stop: start + count,
        async valid(y0, y1) {
          if (valid === undefined) return undefined;
          const values = attempt(() => valid.slice([[y0, y1], []]));
          return values instanceof Uint8Array ? values : undefined;
        },
      };
    },
  );
  if (
    maps.some(
      ({ start, stop }, map) => start !== (maps[map - 1]?.stop ?? 0) || (map === maps.length - 1 && stop !== length),
    )
  )
    throw new BigsfError(
      "PATCHES",
      `${path}: the patches of its maps do not follow one another. Make it again with \`bigsf preprocess\`.`,
    );
  const pixels = patchSize * patchSize;
  const groupLength = Math.max(1, Math.min(...sets.map(({ metadata }) => metadata.chunks?.[0] ?? 1)));
  const groups = new LruCache<PatchBuffers>(
    Math.floor(cacheBytes / (groupLength * bytesPerPatch(patchSize, channels))),
    async (group) => {
      const start = group * groupLength;
      const stop = Math.min(start + groupLength, length);
      const [patches, spines, labelled] = sets.map((set) => attempt(() => readFloats(set, start, stop)));
      const none = new Float32Array(0);
      return {
        patches: channelByChannel(patches ?? none, channels, pixels),
        spines: spines ?? none,
        labelled: labelled ?? none,
      };
    },
  );
  let mixed: Promise<Uint8Array<ArrayBuffer>> | undefined;

  async function findMixed(): Promise<Uint8Array<ArrayBuffer>> {
    const flags = new Uint8Array(length);
    const step = groupLength * Math.max(1, Math.floor(2 ** 20 / (pixels * groupLength)));
    for (let start = 0; start < length; start += step) {
      const stop = Math.min(start + step, length);
      const spines = attempt(() => readFloats(sets[1], start, stop));
      for (let i = start; i < stop; i++) {
        const from = (i - start) * pixels;
        const first = spines[from];
        for (let at = from + 1; at < from + pixels; at++) {
          if (spines[at] === first) continue;
          flags[i] = 1;
          break;
        }
      }
      // Reading blocks; others have their turn in between.
      await new Promise(setImmediate);
    }
    return flags;
  }

  return {
    name: path,
    length,
    patchSize,
    channels,
    normalization: attributes?.normalization,
    normalizationOver: attributes?.normalizationOver ?? "patch",
    range: attributes?.range,
    maps,
    positions,
    groupLength,
    digest: attributes?.digest ?? (await digestOfFile(path, positions)),
    async read(indices, into) {
      for (const [at, index] of indices.entries()) {
        const group = await groups.get(Math.floor(index / groupLength));
        const from = (index % groupLength) * pixels;
        for (const name of LAYERS) {
          const own = name === "patches" ? channels : 1;
          into[name].set(group[name].subarray(own * from, own * (from + pixels)), at * own * pixels);
        }
      }
    },
    mixedTargets() {
      mixed ??= findMixed();
      return mixed;
    },
    async close() {
      file.close();
    },
  };
}

interface Layout {
  readonly sets: readonly Hdf5Dataset[];
  readonly length: number;
  readonly patchSize: number;
  readonly channels: number;
  readonly positions: Int32Array<ArrayBuffer>;
}

function readLayout(path: string, file: Hdf5File): Layout {
  const names = [...LAYERS, POSITIONS];
  const missing = names.filter((name) => findDataset(file, name) === undefined);
  if (missing.length > 0) {
    throw new BigsfError(
      "PATCHES",
      `${path} has no data set ${missing.join(", ")}: it is no file of patches. Make one with \`bigsf preprocess\`.`,
    );
  }
  const found = names.flatMap((name) => findDataset(file, name) ?? []);
  const shapes = found.map((set) => set.shape ?? []);
  const [[length = 0, patchSize = 0, , channels = 1] = []] = shapes;
  const wanted = names.map((name) =>
    name === POSITIONS ? [length, 2, 2, 1] : [length, patchSize, patchSize, name === "patches" ? channels : 1],
  );
  if (patchSize === 0 || shapes.some((shape, index) => shape.join() !== wanted[index]?.join())) {
    const shown = names.map((name, index) => `${name} [${shapes[index]?.join(", ")}]`).join(", ");
    throw new BigsfError(
      "PATCHES",
      `${path} has the data sets ${shown}; expected [N, P, P, channels] patches, [N, P, P, 1] and positions [N, 2, 2, 1]. Make it again with \`bigsf preprocess\`.`,
    );
  }
  const places = found[LAYERS.length]?.value;
  const positions = new Int32Array(2 * length);
  if (isNumbers(places)) {
    for (let i = 0; i < positions.length; i++) positions[i] = places[2 * i] ?? 0;
  } else if (length > 0) throw new Error("its positions are no numbers");
  return { sets: found.slice(0, LAYERS.length), length, patchSize, channels, positions };
}

function readFloats(set: Hdf5Dataset | undefined, start: number, stop: number): Float32Array {
  const values = set?.slice([[start, stop], [], [], []]);
  if (values instanceof Float32Array) return values;
  if (isNumbers(values)) return Float32Array.from(values);
  throw new Error(`${set?.path} has no numbers`);
}

function isNumbers(value: unknown): value is Exclude<NodeJS.TypedArray, BigInt64Array | BigUint64Array> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && typeof Reflect.get(value, 0) !== "bigint";
}

/** The map is at least as large as its patches say. */
function farthestCorner(positions: Int32Array, patchSize: number): readonly [number, number] {
  let height = 0;
  let width = 0;
  for (let i = 0; i < positions.length; i += 2) {
    height = Math.max(height, (positions[i] ?? 0) + patchSize);
    width = Math.max(width, (positions[i + 1] ?? 0) + patchSize);
  }
  return [height, width];
}

/** For files that do not say what they were made of. */
async function digestOfFile(path: string, positions: Int32Array): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return createHash("sha256")
    .update(JSON.stringify([size, mtimeMs]))
    .update(positions)
    .digest("hex");
}
