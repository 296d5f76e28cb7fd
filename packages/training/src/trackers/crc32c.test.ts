import { expect, test } from "vitest";
import { crc32c, maskedCrc32c } from "./crc32c.ts";

// RFC 3720, B.4; the last is the check value of the catalogue of CRCs.
test.each<[string, Uint8Array, number]>([
  ["nothing", new Uint8Array(), 0],
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of 255", new Uint8Array(32).fill(255), 0x62a8ab43],
  ["0 to 31", Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ["31 to 0", Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
  ["digits", Buffer.from("123456789"), 0xe3069283],
])("%s", (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

test("masked, as LevelDB defines it", () => {
  const crc = 0xe3069283;
  const rotated = ((crc >>> 15) | (crc << 17)) >>> 0;
  expect(maskedCrc32c(Buffer.from("123456789"))).toBe((rotated + 0xa282ead8) % 2 ** 32);
  expect(maskedCrc32c(new Uint8Array())).toBe(0xa282ead8);
});
