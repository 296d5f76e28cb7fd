import { expect, test } from "vitest";
import { columnsInView } from "./cells-in-view.ts";

const columns = Array.from({ length: 20 }, (_, index) => ({
  name: `c${index}`,
  title: "",
  role: "result" as const,
  type: "number" as const,
  varies: true,
  width: 100,
}));

const placesIn = (left: number, always: (place: number) => boolean = () => false) =>
  columnsInView(columns, { left, width: 250 }, always).map(({ place, start }) => [place, start]);

test("columns in view are there with some beyond the edges, and each after a gap says where it begins", () => {
  expect(placesIn(0)).toEqual([0, 1, 2, 3, 4, 5].map((place) => [place, undefined]));
  expect(placesIn(1000, (place) => place === 0 || place === 19)).toEqual([
    [0, undefined],
    [7, 9],
    ...[8, 9, 10, 11, 12, 13, 14, 15].map((place) => [place, undefined]),
    [19, 21],
  ]);
});
