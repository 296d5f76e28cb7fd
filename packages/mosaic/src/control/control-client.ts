import { connect } from "node:net";
import { createInterface } from "node:readline";
import { isSystemError } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { socketPath } from "./control-server.ts";
import { type ControlAnswer, type ControlRequest, isControlAnswer } from "./protocol.ts";
import type { RegisteredExperiment } from "./registry.ts";

/**
 * Sends a request to a running experiment and gives its answers as they come, until `stop` is aborted.
 *
 * @throws MosaicError where nobody answers; the signal's reason where it is aborted
 */
export async function* askExperiment(
  { folder, name, process, database }: RegisteredExperiment,
  request: ControlRequest,
  stop: AbortSignal,
): AsyncGenerator<ControlAnswer, void, void> {
  const socket = connect(socketPath(folder, name));
  const gone = (cause: unknown) =>
    new MosaicError(
      "EXPERIMENT_DOES_NOT_ANSWER",
      `the experiment of ${database} (process ${process.pid}) does not answer; is it still starting, or has it just ended?`,
      { cause },
    );
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (error) => reject(gone(error)));
  });
  let failure: unknown;
  socket.on("error", (error) => {
    failure = error;
  });
  const lines = createInterface({ input: socket });
  // A connection that breaks has no end, which the lines would wait for.
  socket.on("close", () => lines.close());
  stop.addEventListener("abort", () => socket.destroy());
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    for await (const line of lines) {
      const answer: unknown = JSON.parse(line);
      if (!isControlAnswer(answer))
        throw new MosaicError(
          "EXPERIMENT_OF_ANOTHER_VERSION",
          `the experiment of ${database} answers in a way that this version does not understand`,
        );
      yield answer;
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    failure = error;
  }
  stop.throwIfAborted();
  if (failure !== undefined) throw gone(failure);
}
