import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { sha256 as inBrowsers } from "./sha256.browser.ts";
import { sha256 } from "./sha256.ts";

test.each([[[]], [[""]], [["0\0data/größe", Uint8Array.of(1, 2, 3), "😀"]], [[new Uint8Array(1000).fill(7)]]])(
  "%j has the same digest everywhere",
  (pieces) => {
    const reference = createHash("sha256")
      .update(Buffer.concat(pieces.map((piece) => Buffer.from(piece))))
      .digest("hex");
    for (const digest of [sha256(pieces), inBrowsers(pieces)])
      expect(Buffer.from(digest).toString("hex")).toBe(reference);
  },
);
