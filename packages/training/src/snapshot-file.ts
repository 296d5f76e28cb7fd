import { readSafetensors, writeSafetensors } from "@ml-mosaic/tensor";
import {
  type Layout,
  type Snapshot,
  type SnapshotExtras,
  snapshotContent,
  snapshotOf,
  type VariablePaths,
} from "./snapshot.ts";
import type { Checkpoint } from "./train.ts";

/** Writes what `encodeSnapshot` makes. A file that is there is replaced only by a whole one. */
export async function saveSnapshot(
  path: string,
  checkpoint: Checkpoint,
  paths: VariablePaths,
  extras: SnapshotExtras = {},
): Promise<void> {
  const { tensors, texts } = snapshotContent(checkpoint, paths, extras);
  await writeSafetensors(path, tensors, texts);
}

/** As `decodeSnapshot`, of a file. */
export async function loadSnapshot(path: string, layout: Layout, paths: VariablePaths): Promise<Snapshot> {
  return snapshotOf(await readSafetensors(path), path, layout, paths);
}
