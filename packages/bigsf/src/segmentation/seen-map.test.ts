import { expect, test } from "vitest";
import { sameMap, trainedMaps } from "./seen-map.ts";

test("it is not known what a model was trained on where one of its maps has no image", () => {
  const of = (...images: readonly (string | null)[]) =>
    trainedMaps({ dataInfo: { maps: images.map((image) => ({ name: "", image })) } });
  expect(of("a")).toEqual([{ name: "", image: "a" }]);
  expect(of(null)).toBeUndefined();
  expect(of("a", null)).toBeUndefined();
  expect(trainedMaps({ dataInfo: {} })).toBeUndefined();
});

const named = (...images: readonly string[]) => images.map((image) => ({ name: image, image }));

test("a map is the same whatever part of it is meant; planes of a file are different ones", () => {
  const maps = named("a[0][3]", "a[0][4][0:10,5:20]", "b");
  const found = (digest: string) => sameMap(maps, digest)?.name;
  expect(found("a[0][3]")).toBe("a[0][3]");
  expect(found("a[0][4]")).toBe("a[0][4][0:10,5:20]");
  expect(found("a[0][4][resampled bilinear]")).toBe("a[0][4][0:10,5:20]");
  expect(found("a[0][7]")).toBeUndefined();
  expect(found("c")).toBeUndefined();
  // Where no plane was named, it may be any.
  expect(found("a")).toBe("a[0][3]");
  expect(found("b[1]")).toBe("b");
});
