/** Whether a process of this machine lives, so that nothing of it may be taken for left behind. */
export function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, but runs.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
