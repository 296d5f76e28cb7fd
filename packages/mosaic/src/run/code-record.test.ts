import { expect, test } from "vitest";
import { codeText, refuseOtherCode } from "./code-record.ts";

const written = new Map([
  ["/project/net.ts", "1"],
  ["/project/shared/layers.ts", "2"],
]);
const text = codeText(written, "/project");
const check = (files: ReadonlyMap<string, string>, folder = "/project", before: string | undefined = text) =>
  refuseOtherCode(before, files, folder, "snapshot_1.safetensors");

test("a snapshot goes on with the texts that it was trained with, wherever the project lies", () => {
  check(written);
  check(new Map([...written].map(([path, digest]) => [path.replace("/project", "/moved"), digest])), "/moved");
  // What is imported now and was not then, or then and not now, is another identity's business; earlier versions say nothing.
  check(new Map([["/project/other.ts", "3"]]));
  refuseOtherCode(undefined, written, "/project", "snapshot_1.safetensors");
});

test("another text is refused, and named", () => {
  expect(() => check(new Map([...written, ["/project/shared/layers.ts", "9"]]))).toThrow(
    /^snapshot_1.safetensors was trained with another text of shared\/layers.ts: .*--accept-code/,
  );
});
