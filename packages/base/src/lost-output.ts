import { errorCode } from "./error-code.ts";

/**
 * Lets the process outlive what it prints to: a reader such as `head` that has had enough, a log on a full disk, a lost
 * terminal. What cannot be written is dropped; when it can be again, what is printed from then on appears.
 *
 * @param lost told of each loss; a reader that has gone on purpose (EPIPE) is none
 */
export function outliveOutput(lost: (stream: "stdout" | "stderr", error: Error) => void = () => undefined): void {
  for (const name of ["stdout", "stderr"] as const)
    process[name].on("error", (error) => {
      if (errorCode(error) !== "EPIPE") lost(name, error);
    });
}
