/** What jobs of Slurm are tried with: brief runs, whose modules in each language write down that they begin. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projects } from "./projects.ts";
import { config, type Options, type Workspace } from "./workspace.ts";

const counted = {
  TypeScript: `
import { appendFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
export class Counted extends Data {
  override async prepare(...given: Parameters<Data["prepare"]>) {
    appendFileSync(import.meta.dirname + "/begun", given[1].run_id + "\\n");
    while (existsSync(import.meta.dirname + "/hold")) await wait(100);
    return super.prepare(...given);
  }
}
`,
  Python: `

class Counted(Data):
    def prepare(self, data, run_info, module_info):
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "begun"), "a") as begun:
            begun.write(f"{run_info['run_id']}\\n")
        while os.path.exists(os.path.join(here, "hold")):
            time.sleep(0.1)
        return super().prepare(data, run_info, module_info)
`,
};
const dataFile = { TypeScript: "data.ts", Python: "data.py" };
const widths = "2, 3, 4, 5";

export interface ClusterProject {
  readonly runs: number;
  /** Ids of the runs that were begun, as often as they were. */
  begun(): readonly number[];
  /** Runs that begin now wait. */
  hold: string;
}

/** At least so many runs, in the languages that are there; `config.ini` is of one machine, `slurm.ini` has the section too. */
export async function writeClusterProject(
  workspace: Workspace,
  leastRuns: number,
  { section, bothLanguages }: { readonly section: string; readonly bothLanguages: boolean },
): Promise<ClusterProject> {
  const used = bothLanguages ? projects : projects.slice(0, 1);
  const sections: Record<string, Options> = {};
  const monitor: Record<string, string | number> = { nb_processus: 2 };
  for (const { language, files, data, net, monitor: own } of used) {
    if (language !== "TypeScript" && language !== "Python") continue;
    for (const [name, text] of Object.entries(files))
      await workspace.write(name, name === dataFile[language] ? text + counted[language] : text);
    Object.assign(monitor, own);
    sections[`DATA_${language}`] = { ...data, class: "Counted", size: language === "Python" ? 1000 : 4000 };
    sections[`NET_${language}`] = { ...net, width: widths };
  }
  const multiplicity = Math.ceil(leastRuns / (4 * used.length));
  const process = { epochs: 2, executor: "wasm", run_files_path: "./shared/runs" };
  const text = config({ process, monitor: { ...monitor, multiplicity }, sections });
  await workspace.write("config.ini", text);
  await workspace.write("slurm.ini", `${text}\n[SLURM]\n${section}\n`);
  return {
    runs: multiplicity * 4 * used.length,
    begun: () => readFileSync(join(workspace.folder, "begun"), "utf8").trim().split("\n").map(Number),
    hold: workspace.path("hold"),
  };
}
