/** Workers that see nothing of the project: what they need comes over the port, and files go back over it. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, temporaryFolder, until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { canHide, startHidden } from "./hidden-worker.ts";
import { config, data, dataModule, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

/** Its size stands in a file of the data, its batch size in a module of its own, and its seed in JSON. */
const carriedData = `${dataModule}
import { readFileSync } from "node:fs";
import { batchSize } from "./parts/batch.ts";
import numbers from "./parts/numbers.json" with { type: "json" };
export class Carried extends Data {
  wait: number;
  constructor({ file = "", wait = 0 } = {}) {
    super({ size: Number(readFileSync(file, "utf8")), batch_size: batchSize, delay: numbers.delay });
    this.wait = wait;
  }
  override async prepare(...given: Parameters<Data["prepare"]>) {
    const [train, test] = await super.prepare(...given);
    const epoch = train.epoch.bind(train);
    train.epoch = (...args) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, this.wait);
      return epoch(...args);
    };
    return [train, test];
  }
}
`;

let workspace: Workspace;
let address: string;
beforeEach(async () => {
  process.env.MOSAIC_TOKEN_FILE = join(temporaryFolder(), "token");
  workspace = await openWorkspace({
    "data.ts": carriedData,
    "net.ts": netModule,
    "parts/batch.ts": `import numbers from "./numbers.json" with { type: "json" };\nexport const batchSize: number = numbers.batch;\n`,
    "parts/numbers.json": JSON.stringify({ delay: 1, batch: 4 }),
    "data/size": "16",
  });
  address = `127.0.0.1:${await freePort()}`;
});
afterEach(() => workspace.close());

async function configure(epochs: number, sections: Parameters<typeof config>[0]["sections"]): Promise<void> {
  await workspace.write("config.ini", config({ process: { epochs }, monitor: { data_root: "data" }, sections }));
}

/** Of whom workers can come. */
async function supervisor(...args: readonly string[]) {
  const running = workspace.start("run", "config.ini", "or.db", "--only-workers", "--listen", address, ...args);
  await running.said("workers may come");
  return running;
}

const worker = (...args: readonly string[]) => startHidden(workspace, address, ...args);

function dataFolder(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "size"), "16");
  return folder;
}

/** Of the files of runs those of the model. */
function models(database: string): Readonly<Record<string, string>> {
  const folder = workspace.path(`.runs/${database}`);
  const names = readdirSync(folder).filter((name) => /^model_/.test(name));
  return Object.fromEntries(
    names.sort().map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

const logsOf = (database: string) =>
  [1, 2].map((runId) => readFileSync(workspace.path(`.runs/${database}/output_${runId}.log`), "utf8"));
const epochs = () => workspace.query("or.db", "SELECT epoch FROM history").length;

test.skipIf(!canHide)(
  "of which one leaves in the middle of a run come to the same bits and files as one machine",
  async () => {
    await configure(40, {
      DATA: { ...data, class: "Carried", file: "data/size", wait: 50 },
      NET: { ...net, width: "2, 3" },
    });
    const running = await supervisor();
    const leaving = worker("--data-root", dataFolder());
    await until(() => epochs() > 0, "that a run has begun", 200);
    const staying = worker("--data-root", dataFolder());
    leaving.running.kill("SIGUSR2");
    for (const { running, temporary } of [leaving, staying]) {
      const ended = await running.finished;
      expect(ended.code, ended.stderr).toBe(0);
      expect(readdirSync(temporary).filter((name) => name.includes("mosaic"))).toEqual([]);
    }
    const { code, stderr } = await running.finished;
    expect(code, stderr).toBe(0);
    const logs = logsOf("or");
    expect(logs.join("")).toContain("goes on from its snapshot");
    expect((await workspace.run("run", "config.ini", "here.db", "DATA.wait=0")).code).toBe(0);
    expect(workspace.history("or.db")).toEqual(workspace.history("here.db"));
    expect(models("or")).toEqual(models("here"));
    // What a worker has logged before another one went on stands there too.
    const told = (log: string) => log.match(/^epoch .*$/gm);
    expect(logs.map(told)).toEqual(logsOf("here").map(told));
  },
);

const program = `
. ./parts/state.sh
trap 'exit 75' TERM
epoch=0
[ -n "$MOSAIC_RESUME" ] && epoch=$(cat "$(state)")
echo "begins after $epoch"
while [ "$epoch" -lt "$1" ]; do
  epoch=$((epoch + 1))
  sleep "$2"
  echo "{\\"mosaic\\": 1, \\"epoch\\": $epoch, \\"train_loss\\": $epoch, \\"test_loss\\": $(cat data/size)}"
  echo "$epoch" > "$(state).new" && mv "$(state).new" "$(state)"
done
`;

test.skipIf(!canHide)("carry out programs, of which one goes on elsewhere with what it had", async () => {
  for (const [name, text] of Object.entries({
    "program.sh": program,
    "parts/state.sh": 'mkdir -p "$MOSAIC_FILES/deep"; state() { echo "$MOSAIC_FILES/deep/epoch"; }\n',
  }))
    await workspace.write(name, text);
  await workspace.write(
    "config.ini",
    `[PROCESS]\nepochs = 60\npipeline_scheme = model
[MONITOR]\nneed_gpu = False\ngpu_available = None\nnb_processus = 1\nmultiplicity = 1\ndata_root = data
[STEPS]\ntype = model\nclass = Program\npath_to_class = ml-mosaic\nkey = steps\ncommand = sh program.sh {epochs} {wait}\nwait = 0.1\nfiles = parts/state.sh\n`,
  );
  const running = await supervisor();
  const leaving = worker("--data-root", dataFolder());
  await until(() => epochs() > 0, "that it has begun", 200);
  leaving.running.kill("SIGUSR2");
  expect((await leaving.running.finished).code).toBe(0);
  const staying = worker("--data-root", dataFolder());
  const { code, stderr } = await running.finished;
  expect(code, stderr).toBe(0);
  expect((await staying.running.finished).code).toBe(0);
  expect(workspace.query("or.db", "SELECT epoch, train_loss, test_loss FROM history ORDER BY epoch")).toEqual(
    Array.from({ length: 60 }, (_, index) => ({ epoch: index + 1, train_loss: index + 1, test_loss: 16 })),
  );
  const begun = readFileSync(workspace.path(".runs/or/output_1.log"), "utf8").match(/^begins after .*$/gm);
  expect(begun).toEqual(["begins after 0", expect.stringMatching(/ [1-9]\d*$/)]);
  expect(readdirSync(workspace.path(".runs/or/program_1"))).toEqual(["deep"]);
  expect(readFileSync(workspace.path(".runs/or/program_1/deep/epoch"), "utf8")).toBe("60\n");
  expect(workspace.query("or.db", "SELECT attempts FROM run_details")).toEqual([{ attempts: 0 }]);
});
