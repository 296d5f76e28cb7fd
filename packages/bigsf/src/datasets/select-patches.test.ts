import { expect, test } from "vitest";
import type { PatchBuffers } from "../patches/patch-source.ts";
import { hasPositives, onGrid } from "./select-patches.ts";

/** Patches of 2 x 2, of which some have a filament, and some labels. */
function patches({
  filament,
  labelled,
}: {
  filament: (patch: number) => boolean;
  labelled: (patch: number) => boolean;
}) {
  const asked: number[] = [];
  return {
    asked,
    channels: 1,
    patchSize: 2,
    async read(indices: Int32Array, { spines, labelled: known }: PatchBuffers) {
      asked.push(...indices);
      for (const [place, patch] of indices.entries()) {
        spines.fill(0, 4 * place, 4 * place + 4)[4 * place + 3] = filament(patch) ? 1 : 0;
        known.fill(labelled(patch) ? 1 : 0, 4 * place, 4 * place + 4);
      }
    },
  };
}

const indices = (length: number) => Int32Array.from({ length }, (_, index) => 3 * index);

test.each([1, 255, 256, 257, 1000])("one positive among %d patches is found, wherever it is", async (length) => {
  for (const place of [0, 1, Math.floor(length / 2), length - 1]) {
    const source = patches({ filament: (patch) => patch === 3 * place, labelled: () => true });
    expect(await hasPositives(indices(length), source)).toBe(place < length);
  }
});

test("without any, every patch was looked at, once", async () => {
  const source = patches({ filament: () => false, labelled: () => true });
  expect(await hasPositives(indices(700), source)).toBe(false);
  expect(source.asked.toSorted((a, b) => a - b)).toEqual(Array.from(indices(700)));
});

test("filaments that are not labelled do not count", async () => {
  const source = patches({ filament: (patch) => patch % 2 === 0, labelled: (patch) => patch % 2 === 1 });
  expect(await hasPositives(indices(700), source)).toBe(false);
});

test("where filaments are common, few patches are read", async () => {
  const source = patches({ filament: (patch) => patch % 10 === 0, labelled: () => true });
  expect(await hasPositives(indices(100_000), source)).toBe(true);
  expect(source.asked.length).toBeLessThanOrEqual(256);
});

test("of no patches none has any", async () => {
  expect(await hasPositives(new Int32Array(), patches({ filament: () => true, labelled: () => true }))).toBe(false);
});

test("onGrid takes multiples of the stride along both axes", () => {
  const positions = Int32Array.of(0, 0, 0, 3, 3, 0, 6, 9, 6, 8, 12, 6);
  expect(Array.from(onGrid(Int32Array.of(0, 1, 2, 3, 4, 5), { positions }, 3))).toEqual([0, 1, 2, 3, 5]);
  expect(Array.from(onGrid(Int32Array.of(1, 3, 5), { positions }, 6))).toEqual([5]);
});
