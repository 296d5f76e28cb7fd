/** A disk that can be full: a file system in memory whose size is taken away and given back (root, Linux). */
import { execFileSync } from "node:child_process";
import { mkdirSync, statfsSync } from "node:fs";

const mount = (...args: readonly string[]) => execFileSync("mount", args, { stdio: ["ignore", "pipe", "pipe"] });
const roomy = "size=2g";

export type SmallDisk = ReturnType<typeof mountDisk>;

export function mountDisk(folder: string) {
  mkdirSync(folder, { recursive: true });
  mount("-t", "tmpfs", "-o", `mode=0700,${roomy}`, "tmpfs", folder);
  return {
    folder,
    /** From now on nothing can be added. */
    fill() {
      for (let attempt = 1; ; attempt++) {
        const { blocks, bfree, bsize } = statfsSync(folder);
        try {
          // What is written meanwhile counts too.
          return mount("-o", `remount,size=${(blocks - bfree + 1) * bsize}`, folder);
        } catch (error) {
          if (attempt === 20) throw error;
        }
      }
    },
    makeRoom: () => mount("-o", `remount,${roomy}`, folder),
    /** Also where a process still has a file open. */
    unmount: () => execFileSync("umount", ["--lazy", folder], { stdio: ["ignore", "pipe", "pipe"] }),
  };
}
