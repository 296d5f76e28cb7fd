import { expect, test } from "vitest";
import { GatheredChanges } from "./gathered-changes.ts";
import { StoreError } from "./store-error.ts";

function open() {
  const made: string[] = [];
  const written: (readonly string[])[] = [];
  const gathered = new GatheredChanges(async (work) => {
    made.length = 0;
    const value = work();
    written.push([...made]);
    return value;
  });
  return { gathered, written, add: (name: string) => gathered.add(() => void made.push(name)) };
}

test("what comes within moments is written together, and in time where nothing else comes", async () => {
  const { add, gathered, written } = open();
  const both = [add("a"), add("b")];
  gathered.pass();
  gathered.pass();
  await Promise.all(both);
  await add("c");
  expect(written).toEqual([["a", "b"], ["c"]]);
});

test("one that is refused is told of it, and the others are made", async () => {
  const { add, gathered, written } = open();
  const refusal = new StoreError("STORE_LEASE_LOST", "run 2 was given back");
  const all = [
    add("a"),
    gathered.add(() => {
      throw refusal;
    }),
    add("b"),
  ];
  expect(await Promise.allSettled(all)).toMatchObject([
    { status: "fulfilled" },
    { reason: refusal },
    { status: "fulfilled" },
  ]);
  expect(written).toEqual([["a", "b"]]);
});

test("where the database fails all are told", async () => {
  const { add, gathered, written } = open();
  const failure = new Error("database or disk is full");
  const all = [
    add("a"),
    gathered.add(() => {
      throw failure;
    }),
  ];
  expect(await Promise.allSettled(all)).toMatchObject([{ reason: failure }, { reason: failure }]);
  expect(written).toEqual([]);
});
