/**
 * Commands whose own process is not what is tested: one process carries out those of a file of tests, one after the
 * other, and loads the program once. What is killed or interrupted, or may lose its output, is started by `startProgram`.
 */
import { type ChildProcess, fork } from "node:child_process";
import type { CommandOrder } from "./serve-commands.ts";
import type { Finished } from "./start-program.ts";

export class CommandHost {
  readonly #file: string;
  #child: ChildProcess | undefined;
  #isBusy = false;

  /** @param file a module that calls `serveCommands` */
  constructor(file: string) {
    this.#file = file;
  }

  /** Whether a command is being carried out: another one needs a process of its own then. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  async run(order: CommandOrder): Promise<Finished> {
    if (this.#isBusy) throw new Error("a command host carries out one command at a time");
    this.#isBusy = true;
    const child = this.#child?.connected === true ? this.#child : this.#start();
    const told = Promise.withResolvers<Finished>();
    const end = () => told.reject(new Error(`the process of commands ended during ${order.words.join(" ")}`));
    child.once("message", told.resolve).once("exit", end);
    child.send(order);
    try {
      return await told.promise;
    } finally {
      child.off("message", told.resolve).off("exit", end);
      this.#isBusy = false;
    }
  }

  #start(): ChildProcess {
    const child = fork(this.#file, { execArgv: ["--disable-warning=ExperimentalWarning"], cwd: "/" });
    // It ends with this process.
    child.unref();
    child.channel?.unref();
    this.#child = child;
    return child;
  }
}
