import { expect, test } from "vitest";
import { placeInUserCode } from "./failures.ts";

test.each([
  [
    "Error: bad width\n    at check (/work/node_modules/ml-mosaic/dist/src/nn.js:3:7)\n    at new Net (/home/me/net.ts:12:11)\n    at make (/home/me/other.ts:1:1)",
    "/home/me/net.ts:12",
  ],
  ["TypeError: x\n    at file:///home/me/my%20net.ts?v=3:7:1\n    at node:internal/main:3:1", "/home/me/my%20net.ts:7"],
  [
    'Traceback (most recent call last):\n  File "/home/me/train.py", line 3, in <module>\n  File "/home/me/net.py", line 40, in forward\n  File "/usr/lib/python3/dist-packages/torch/nn.py", line 9, in call\nValueError: bad',
    "/home/me/net.py:40",
  ],
  ["killed by SIGKILL", null],
  ["Error: <img src=x onerror=alert(1)>\n    at node:internal/process:1:1", null],
])("the innermost place of the user's own: %s", (stack, place) => {
  expect(placeInUserCode(stack)).toBe(place);
});
