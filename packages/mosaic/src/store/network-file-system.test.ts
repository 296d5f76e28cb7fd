import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { fileSystemOf, judgeFileSystem, mountTypeOf } from "./network-file-system.ts";

const notFuse = () => {
  throw new Error("not asked for");
};

test.each([
  [0xef53, "local"], // ext4
  [0x01021994, "local"], // tmpfs
  [0x794c7630, "local"], // overlay
  [0x6969, "network"], // NFS
  [0xff534d42, "network"], // CIFS
  [0xff534d42 - 2 ** 32, "network"], // CIFS, signed
  [0xfe534d42, "network"], // SMB2
  [0x01021997, "doubtful"], // 9p
])("type %i is %s", (type, kind) => {
  expect(judgeFileSystem(type, notFuse).kind).toBe(kind);
});

test.each([
  ["fuseblk", "local"],
  ["fuse.sshfs", "network"],
  ["fuse.rclone", "network"],
  ["fuse.mergerfs", "doubtful"],
])("FUSE with %s is %s", (mountType, kind) => {
  expect(judgeFileSystem(0x65735546, () => mountType).kind).toBe(kind);
});

test("the innermost mount counts", () => {
  const mountinfo = [
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "30 22 0:40 / /home/my\\040disk rw,nosuid - fuse.sshfs me@there: rw",
    "31 22 0:41 / /home/my rw - tmpfs tmpfs rw",
    "",
  ].join("\n");
  expect(mountTypeOf("/home/my disk/or.db", mountinfo)).toBe("fuse.sshfs");
  expect(mountTypeOf("/home/my/or.db", mountinfo)).toBe("tmpfs");
  expect(mountTypeOf("/home/mystery/or.db", mountinfo)).toBe("ext4");
});

test("the folder for temporary files is judged without an error", () => {
  expect(["local", "doubtful", "network"]).toContain(fileSystemOf(tmpdir()).kind);
});
