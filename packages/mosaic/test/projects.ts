/** The same small project in each language of modules: its classes have the same names and options, and do the same. */
import { hasPython, python } from "./python-for-test.ts";
import { data, net, netModule, type Options, waitingDataModule } from "./workspace.ts";

export interface TestProject {
  readonly language: "TypeScript" | "Python";
  /** Whether each run has a process of its own, which its worker has forked. */
  readonly forks: boolean;
  /** Whether its modules can be carried out here. */
  readonly isThere: boolean;
  /**
   * Data sets `Data` and `Waiting`; networks `Net`, `Suicidal` (whose process is killed where `width` is 3) and `Stuck`
   * (which leaves a file `stuck`, and never comes back).
   */
  readonly files: Readonly<Record<string, string>>;
  readonly networkFile: string;
  readonly data: Options;
  readonly net: Options;
  /** Of [MONITOR]. */
  readonly monitor: Options;
  /** A network module of which every second process dies of its last message, right after it has sent it. */
  readonly deadlyLastMessage: string;
}

const typescriptNet = `${netModule}
import { writeFileSync } from "node:fs";
export class Suicidal extends Net {
  override async saveModel(path: string) {
    await super.saveModel(path);
    if (this.first.weight.shape[0] === 3) process.kill(process.pid, "SIGKILL");
  }
}
export class Stuck extends Net {
  override forward(data: Tensor): Tensor {
    writeFileSync(import.meta.dirname + "/stuck", "");
    for (;;);
  }
}
`;

export const typescript: TestProject = {
  language: "TypeScript",
  forks: false,
  isThere: true,
  files: { "data.ts": waitingDataModule, "net.ts": typescriptNet },
  networkFile: "net.ts",
  data,
  net,
  monitor: {},
  deadlyLastMessage: `${typescriptNet}
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { crc32 } from "node:zlib";
const { write } = Socket.prototype;
Socket.prototype.write = function (frame: Buffer, sent: () => void) {
  const text = frame.toString("utf8", 8);
  if (!text.includes('"kind":"done"') || !/"token":\\d*[13579]\\b/.test(text)) return write.call(this, frame, sent);
  // So much that it is not read in one piece.
  const body = Buffer.from(text.slice(0, -1) + ',"padding":"' + "x".repeat(150_000) + '"}');
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length, 0);
  head.writeUInt32BE(crc32(body), 4);
  const whole = Buffer.concat([head, body]);
  // Written at once: the next order may be there already, and it is not this worker that fails it.
  for (let at = 0; at < whole.length; ) {
    try {
      at += writeSync(this._handle.fd, whole, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
  process.kill(process.pid, "SIGKILL");
} as never;`,
};

const pythonData = `import os, time
import torch
from torch.utils.data import DataLoader, TensorDataset


class Data:
    def __init__(self, size=8, batch_size=4, delay=0):
        self.size, self.batch_size, self.delay = size, batch_size, delay

    def prepare(self, data, run_info, module_info):
        time.sleep(self.delay / 1000)
        x = torch.randn(self.size, 2)
        data = TensorDataset(x, (x.sum(1, keepdim=True) > 0).float())
        return DataLoader(data, batch_size=self.batch_size, shuffle=True), DataLoader(data, batch_size=self.batch_size)

    def info(self):
        return {"batch_size": self.batch_size, "input_size": 2, "output_size": 1}


class Waiting(Data):
    def prepare(self, data, run_info, module_info):
        while not os.path.exists(os.path.join(os.path.dirname(__file__), "go")):
            time.sleep(0.01)
        return super().prepare(data, run_info, module_info)
`;

const pythonNet = `import os, signal
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, input_size, output_size, width=2, layers=0):
        super().__init__()
        self.width = width
        self.first = nn.Linear(input_size, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.output = nn.Linear(width, output_size)

    def forward(self, data, run_info, module_info):
        x = self.first(data).tanh()
        for layer in self.hidden:
            x = layer(x).tanh()
        return self.output(x)

    def info(self):
        return {}

    def save_model(self, path):
        torch.save(self.state_dict(), path + ".pt")

    def load_model(self, path):
        self.load_state_dict(torch.load(path + ".pt"))


class Suicidal(Net):
    def save_model(self, path):
        super().save_model(path)
        if self.width == 3:
            os.kill(os.getpid(), signal.SIGKILL)


class Stuck(Net):
    def forward(self, data, run_info, module_info):
        open(os.path.join(os.path.dirname(__file__), "stuck"), "w").close()
        while True:
            pass
`;

const inPython: TestProject = {
  language: "Python",
  forks: true,
  isThere: hasPython,
  files: { "data.py": pythonData, "net.py": pythonNet },
  networkFile: "net.py",
  data: { ...data, path_to_class: "./data.py" },
  net: { ...net, path_to_class: "./net.py" },
  monitor: { python },
  deadlyLastMessage: `${pythonNet}

import random, socket, struct, zlib

send = socket.socket.sendall


def sendall(self, frame):
    text = bytes(frame[8:])
    if b'"kind":"done"' not in text or random.SystemRandom().random() < 0.5:
        return send(self, frame)
    # So much that it is not read in one piece.
    body = text[:-1] + b',"padding":"' + b"x" * 150_000 + b'"}'
    send(self, struct.pack(">II", len(body), zlib.crc32(body)) + body)
    os.kill(os.getpid(), signal.SIGKILL)


socket.socket.sendall = sendall
`,
};

/** Those whose modules can be carried out here. */
export const projects: readonly TestProject[] = [typescript, inPython].filter(({ isThere }) => isThere);

/** The files of a project, with more networks in its language. */
export function filesWith(
  { language, files, networkFile }: TestProject,
  networks: Readonly<Record<TestProject["language"], string>>,
): TestProject["files"] {
  return { ...files, [networkFile]: `${files[networkFile]}\n${networks[language]}` };
}

/** Workers in Python take a second or more to start: the normal suite has samples of them, `npm run test:harm` all. */
export const harmed: readonly TestProject[] = process.env.HARM_KILLS === undefined ? [typescript] : projects;
