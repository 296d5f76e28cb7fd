import { expect, test } from "vitest";
import { Heard } from "./heard.ts";

function open() {
  const taken: (readonly string[])[] = [];
  const heard = new Heard<string>(async (messages) => {
    await Promise.resolve();
    taken.push(messages);
  });
  return { heard, taken };
}

test("what may wait is taken with what may not, in the order in which it came", async () => {
  const { heard, taken } = open();
  const effects = [heard.add("a", true), heard.add("b", true)];
  expect(heard.count).toBe(2);
  effects.push(heard.add("c", false));
  expect(heard.count).toBe(0);
  await Promise.all(effects);
  expect(taken).toEqual([["a", "b", "c"]]);
  await heard.add("d", false);
  expect(taken).toEqual([["a", "b", "c"], ["d"]]);
});

test("what may wait is taken soon where nothing else comes", async () => {
  const { heard, taken } = open();
  await heard.add("a", true);
  expect(taken).toEqual([["a"]]);
});

test("what waits is taken before what is said to come after it", () => {
  const { heard, taken } = open();
  void heard.add("a", true);
  heard.pass();
  heard.pass();
  expect(heard.count).toBe(0);
  return expect.poll(() => taken).toEqual([["a"]]);
});
