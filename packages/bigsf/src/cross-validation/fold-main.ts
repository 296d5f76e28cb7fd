/** The process that trains one split. */
import { machineTrouble, messageOf, outliveOutput, stopSignals } from "@ml-mosaic/base";
import { Trainer } from "@ml-mosaic/training";
import "../components.ts";
import type { FromFold, ToFold } from "./fold-messages.ts";

outliveOutput();
const pause = new AbortController();
// Ctrl-C reaches all processes of a terminal, and so does its end.
for (const event of ["SIGINT", ...stopSignals, "disconnect"]) process.on(event, () => pause.abort());

process.on("message", (message: ToFold) => {
  switch (message.kind) {
    case "train":
      void train(message);
      return;
    case "pause":
      pause.abort();
      return;
    default:
      message satisfies never;
  }
});

async function train({ config, split, existing }: Extract<ToFold, { kind: "train" }>): Promise<void> {
  try {
    const trainer = await Trainer.fromConfig(config, { split, existing });
    const result = await trainer.train({
      onProgress: (progress) => tell({ kind: "progress", progress }),
      onEpoch: (epoch) => tell({ kind: "epoch", epoch }),
      onWarning: (message) => tell({ kind: "warning", message }),
      pause: pause.signal,
    });
    tell({ kind: "done", result });
  } catch (error) {
    tell({ kind: "failed", message: messageOf(error), trouble: machineTrouble(error) });
  }
  if (process.connected) process.disconnect();
}

function tell(message: FromFold): void {
  // Without whom to tell, the run goes into its files and ends. That the other end has just died is learnt by sending:
  // without the callback it would be an error that ends this process too.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
