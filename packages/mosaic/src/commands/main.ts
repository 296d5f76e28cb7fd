import { loadCommands, type Program } from "@ml-mosaic/command-line";

const training = ["run", "rerun", "resume"];
const trainsNothing = ["--help", "-h", "--dry-run"];

/** A line here makes a command: `npm run docs` then makes its program `mosaic_<verb>` and its line in package.json. */
export const mosaic: Program = {
  name: "mosaic",
  summary: "Compare AI models: train every pipeline of a configuration file, keep all results.",
  async onCalled(verb, words) {
    if (!training.includes(verb) || words.some((word) => trainsNothing.includes(word))) return;
    const { keepSurroundings } = await import("../supervisor/spawned-worker.ts");
    const { startEarlyWorkers } = await import("../supervisor/early-workers.ts");
    const { typescriptWorker } = await import("../supervisor/typescript-worker.ts");
    keepSurroundings();
    startEarlyWorkers(typescriptWorker, 1);
  },
  commands: {
    run: async () => (await import("./run.ts")).runCommand,
    rerun: async () => (await import("./rerun.ts")).rerunCommand,
    pause: async () => (await import("./pause.ts")).pauseCommand,
    resume: async () => (await import("./resume.ts")).resumeCommand,
    worker: async () => (await import("./worker.ts")).workerCommand,
    slurm: async () => (await import("./slurm.ts")).slurmCommand,
    status: async () => (await import("./status.ts")).statusCommand,
    show: async () => (await import("./show.ts")).showCommand,
    compare: async () => (await import("./compare.ts")).compareCommand,
    plotloss: async () => (await import("./plotloss.ts")).plotlossCommand,
    metaplot: async () => (await import("./metaplot.ts")).metaplotCommand,
    perfanalysis: async () => (await import("./perfanalysis.ts")).perfanalysisCommand,
    parallel: async () => (await import("./parallel.ts")).parallelCommand,
    importance: async () => (await import("./importance.ts")).importanceCommand,
    pareto: async () => (await import("./pareto.ts")).paretoCommand,
    board: async () => (await import("./board.ts")).boardCommand,
    export: async () => (await import("./export.ts")).exportCommand,
    savedb: async () => (await import("./savedb.ts")).savedbCommand,
    tag: async () => (await import("./tag.ts")).tagCommand,
    note: async () => (await import("./note.ts")).noteCommand,
    remove: async () => (await import("./remove.ts")).removeCommand,
    rekey: async () => (await import("./rekey.ts")).rekeyCommand,
    generate: async () => (await import("./generate.ts")).generateCommand,
    schema: async () => (await import("./schema.ts")).schemaCommand,
    completion: async () => (await import("./completion.ts")).completionCommand(() => loadCommands(mosaic)),
  },
};
