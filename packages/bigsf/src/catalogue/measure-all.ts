import type { MeasuredFilament } from "./filament.ts";
import type { FoundFilament } from "./find-filaments.ts";
import type { Journal } from "./journal.ts";
import { type MeasureParts, measureFilament } from "./measure-filament.ts";

const measuredTogether = 64;

export interface MeasureAllOptions {
  /** Gets what is measured, and has what an earlier run has measured. */
  readonly journal: Journal<MeasuredFilament>;
  readonly onProgress?: ((step: "filaments", done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** In the order in which they were found, those first that an earlier run has measured. */
export async function measureAll(
  found: readonly FoundFilament[],
  parts: MeasureParts,
  { journal, onProgress, signal }: MeasureAllOptions,
): Promise<readonly MeasuredFilament[]> {
  const measured: MeasuredFilament[] = [...journal.done];
  while (measured.length < found.length) {
    signal?.throwIfAborted();
    const group: MeasuredFilament[] = [];
    for (const each of found.slice(measured.length, measured.length + measuredTogether))
      group.push(await measureFilament(each, parts));
    await journal.append(group);
    measured.push(...group);
    onProgress?.("filaments", measured.length, found.length);
  }
  return measured;
}
