/** WAL needs shared memory between all processes that open the database, which no network file system gives. */
import { realpathSync, statfsSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { readProc } from "@ml-mosaic/base";

export interface FileSystemVerdict {
  /** `network`: WAL does not work. `doubtful`: it may not. */
  readonly kind: "local" | "network" | "doubtful";
  readonly name: string;
}

// `statfs` types of Linux: include/uapi/linux/magic.h and the file systems' own sources.
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x564c, "NCP"],
  [0x5346414f, "AFS"],
  [0x6b414653, "kAFS"],
  [0x73757245, "Coda"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x19830326, "BeeGFS"],
]);
// 9p is a network share, but also a virtual machine's or a sandbox's view of a local disk.
const plan9Type = 0x01021997;
const fuseType = 0x65735546;
const networkFuse = /sshfs|s3|rclone|gluster|gcsfuse|goofys|davfs|curlftpfs|smbnetfs|cephfs|juicefs|hdfs|gvfs/i;

const local: FileSystemVerdict = { kind: "local", name: "" };

/**
 * The file system that `path`, which must exist, lies on. What lies in a folder that MOSAIC_SHARED_FOLDERS names counts as a
 * network's: some cannot be recognised, and tests have none.
 */
export function fileSystemOf(path: string): FileSystemVerdict {
  const folders = (process.env.MOSAIC_SHARED_FOLDERS ?? "").split(delimiter).filter((folder) => folder !== "");
  if (folders.some((folder) => `${resolve(path)}/`.startsWith(`${resolve(folder)}/`)))
    return { kind: "network", name: "MOSAIC_SHARED_FOLDERS" };
  // Elsewhere `type` has another meaning.
  if (process.platform !== "linux") return local;
  const { type } = statfsSync(path);
  return judgeFileSystem(type, () => mountTypeOf(realpathSync(path), readProc("self/mountinfo")));
}

/** `fuseMountType` is asked only for FUSE, one type for disks and networks alike; it gives such as `fuse.sshfs`. */
export function judgeFileSystem(type: number, fuseMountType: () => string): FileSystemVerdict {
  // Some systems give the type as a signed 32-bit number.
  const unsignedType = type % 2 ** 32 < 0 ? (type % 2 ** 32) + 2 ** 32 : type % 2 ** 32;
  const name = networkTypes.get(unsignedType);
  if (name !== undefined) return { kind: "network", name };
  if (unsignedType === plan9Type) return { kind: "doubtful", name: "9p" };
  if (unsignedType !== fuseType) return local;
  const mountType = fuseMountType();
  if (mountType === "fuseblk") return local;
  return { kind: networkFuse.test(mountType) ? "network" : "doubtful", name: mountType };
}

/** The type of the mount that holds an absolute path; `mountinfo` is the text of /proc/self/mountinfo. */
export function mountTypeOf(path: string, mountinfo: string): string {
  let best = { point: "", type: "unknown" };
  for (const mount of mountsIn(mountinfo)) {
    const { point } = mount;
    const holds = path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`);
    // Of two mounts on one point the later one counts.
    if (holds && point.length >= best.point.length) best = mount;
  }
  return best.type;
}

/** Whether something is mounted at the very path, as containers do with single files. */
export function isMountPoint(path: string): boolean {
  if (process.platform !== "linux") return false;
  return mountsIn(readProc("self/mountinfo")).some(({ point }) => point === path);
}

function mountsIn(mountinfo: string): readonly { readonly point: string; readonly type: string }[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [mount = "", source = ""] = line.split(" - ");
    const [type] = source.split(" ");
    const point = mount.split(" ")[4]?.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    return point === undefined || type === undefined ? [] : [{ point, type }];
  });
}
