import { setTimeout } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { StatusLines } from "./status-lines.ts";

const columns = 20;

/** What a terminal shows after this text: it wraps long lines, and knows "up" and "wipe out". */
function screenOf(text: string): readonly string[] {
  const rows = [""];
  let [row, column] = [0, 0];
  const [first = "", ...others] = text.split("\u001b[");
  const type = (character: string) => {
    if (character === "\n") [row, column] = [row + 1, 0];
    else {
      if (column === columns) [row, column] = [row + 1, 0];
      rows[row] = (rows[row] ?? "").slice(0, column).padEnd(column) + character;
      column++;
    }
    rows[row] ??= "";
  };
  for (const character of first) type(character);
  for (const part of others) {
    if (part.startsWith("1A")) row--;
    else if (part.startsWith("2K")) rows[row] = "";
    else throw new Error(`the terminal does not know ${part}`);
    for (const character of part.slice(2)) type(character);
  }
  return rows.filter((each) => each !== "");
}

function open(isLive: boolean) {
  let text = "";
  const err = (more: string) => {
    text += more;
  };
  const status = new StatusLines({ isLive, out: () => undefined, err }, () => columns);
  return { status, screen: () => screenOf(text), text: () => text };
}

test("lines are written over, those that stay come above them, and in the end they are gone", async () => {
  const { status, screen } = open(true);
  status.show(["split 1  3 %", "split 2  0 %"]);
  expect(screen()).toEqual(["split 1  3 %", "split 2  0 %"]);
  status.show(["too soon"]);
  expect(screen()).toEqual(["split 1  3 %", "split 2  0 %"]);
  status.print("split 1  epoch 1");
  expect(screen()).toEqual(["split 1  epoch 1", "split 1  3 %", "split 2  0 %"]);
  await setTimeout(110);
  status.show(["split 2  9 %"]);
  expect(screen()).toEqual(["split 1  epoch 1", "split 2  9 %"]);
  status.end();
  status.end();
  expect(screen()).toEqual(["split 1  epoch 1"]);
});

test("they are drawn from the first moment of a process on", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const { status, screen } = open(true);
    status.show(["split 1  0 %"]);
    expect([performance.now(), screen()]).toEqual([0, ["split 1  0 %"]]);
  } finally {
    vi.useRealTimers();
  }
});

test("lines longer than the terminal is wide leave nothing behind", () => {
  const { status, screen } = open(true);
  status.show(["a line that is much longer than the terminal is wide", "short"]);
  expect(screen()).toEqual(["a line that is much", "short"]);
  status.print("and one that stays, which is long too");
  expect(screen()).toEqual(["and one that stays, ", "which is long too", "a line that is much", "short"]);
  status.end();
  expect(screen()).toEqual(["and one that stays, ", "which is long too"]);
});

test("in a file only what stays", () => {
  const { status, text } = open(false);
  status.show(["split 1  3 %"]);
  status.print("split 1  epoch 1");
  status.end();
  expect(text()).toBe("split 1  epoch 1\n");
});
