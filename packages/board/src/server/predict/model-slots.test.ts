import { expect, test } from "vitest";
import { withModelSlot } from "./model-slots.ts";

test("two at a time, and another when one has ended, however it has", async () => {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  const begun = [withModelSlot(() => first.promise), withModelSlot(() => second.promise)];
  await expect(withModelSlot(async () => "third")).rejects.toMatchObject({
    status: 503,
    message: "2 models are being run already",
  });
  first.reject(new Error("no model"));
  await expect(begun[0]).rejects.toThrow("no model");
  expect(await withModelSlot(async () => "third")).toBe("third");
  second.resolve("second");
  expect(await begun[1]).toBe("second");
});
