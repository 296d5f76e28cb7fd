import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * The commit of the user's folder, with `-dirty` where tracked files were changed since, as
 * `e9e5cd2…-dirty`; undefined where there is no repository, no commit or no git.
 */
export async function gitRevision(folder: string): Promise<string | undefined> {
  try {
    const args = ["-C", folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
    const { stdout } = await execute("git", args, { timeout: 5000, env: { ...process.env, GIT_OPTIONAL_LOCKS: "0" } });
    return stdout.trim() || undefined;
  } catch (error) {
    // Without git ENOENT, in a folder without a repository its exit code, in a huge repository the time limit.
    if (error instanceof Error && ("code" in error || "killed" in error)) return undefined;
    throw error;
  }
}
