/** Workers that see nothing of a workspace: a file system of their own covers its folder, in which there is nothing. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Running, temporaryFolder } from "@ml-mosaic/testing";
import type { Workspace } from "./workspace.ts";

const mosaic = join(import.meta.dirname, "../bin/mosaic.ts");

/** Whether this system lets tests have file systems of their own. */
export const canHide = spawnSync("unshare", ["-rm", "true"]).status === 0;

export interface HiddenWorker {
  readonly running: Running;
  /** Its folder for temporary files. */
  readonly temporary: string;
}

/** In an empty folder, with a home and a folder for temporary files of its own. */
export function startHidden(workspace: Workspace, address: string, ...args: readonly string[]): HiddenWorker {
  const [folder, home, temporary] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  const words = [process.execPath, mosaic, "worker", `tcp://${address}`, "--linger", "100", ...args];
  const hide = `mount -t tmpfs none ${workspace.folder} && cd ${folder} && exec "$@"`;
  const environment = [`HOME=${home}`, `TMPDIR=${temporary}`];
  const running = workspace.startProgram("unshare", ["-rm", "env", ...environment, "sh", "-c", hide, "sh", ...words]);
  return { running, temporary };
}
