import { startWorker, type Work, type WorkerProcess } from "../../supervisor/worker-process.ts";
import type { FromWorker } from "../../worker/messages.ts";
import type { RunChecks } from "../language.ts";

/** In a worker, which begins anew where one of them has ended it. */
export function openRunChecks(workOf: (order: Work["order"]) => Promise<Work>): RunChecks {
  let worker: WorkerProcess | undefined;
  let token = 0;
  let settle: ((errors: readonly string[]) => void) | undefined;
  const hear = (message: FromWorker) => {
    if (message.token !== token) return;
    if (message.kind === "done") settle?.([]);
    if (message.kind === "failed") settle?.([message.error]);
  };
  const start = ({ program }: Work): WorkerProcess =>
    startWorker(program, {
      message: hear,
      nonsense: (why) => settle?.([`the worker has said what is no message: ${why}`]),
      progress: () => undefined,
      exit({ how, lastWords }) {
        worker = undefined;
        settle?.([`the worker ${how}${lastWords === "" ? "" : `; its last words:\n${lastWords}`}`]);
      },
    });
  return {
    async check(order) {
      const work = await workOf(order).catch((error: unknown) => ({ error }));
      if ("error" in work) return [work.error];
      const { promise, resolve } = Promise.withResolvers<readonly string[]>();
      settle = resolve;
      token++;
      worker ??= start(work);
      worker.send({ kind: "run", token, order: work.order, tellsPrepared: false, check: true });
      return promise;
    },
    async [Symbol.asyncDispose]() {
      worker?.kill();
    },
  };
}
