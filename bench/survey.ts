/**
 * Time and memory of `bigsf catalogue` on a map of a survey: 20,000 x 4,000 pixels of `bigsf sample`, on one core; and whether it
 * goes on after kills to the same bytes. `node bench/survey.ts FOLDER [WIDTHxHEIGHT] [KILLS]` keeps its maps in the folder, 560 MB,
 * and takes them from there when it is run again. Linux, with util-linux's taskset.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathExists } from "@ml-mosaic/base";
import { createFits, openFits } from "@ml-mosaic/fits";
import { blurRows } from "../packages/bigsf/src/sample/blur-rows.ts";
import { normalAt } from "../packages/bigsf/src/sample/lattice-random.ts";
import { writeSample } from "../packages/bigsf/src/sample/write-sample.ts";

const [given, size = "20000x4000", kills = "3"] = process.argv.slice(2);
if (given === undefined) throw new Error("expected a folder for the maps");
const [width = 0, height = 0] = size.split("x").map(Number);
const folder = resolve(given);
const at = (...names: readonly string[]) => join(folder, ...names);
const taskset = "/usr/bin/taskset";
const limit = { seconds: 600, megabytes: 1000 } as const;

/** As a network says it: blurred edges, and unsure by a few per cent everywhere. */
async function writeProbability(): Promise<void> {
  await using target = await openFits(at("sample", "target.fits"));
  await using writer = await createFits(at("probability.fits"), { overwrite: true });
  const image = target.image();
  const rows = await writer.startImage({ shape: [height, width], type: "float32", header: image.header });
  const atOnce = 64;
  const reach = 4;
  for (let y0 = 0; y0 < height; y0 += atOnce) {
    const y1 = Math.min(height, y0 + atOnce);
    const [first, last] = [Math.max(0, y0 - reach), Math.min(height, y1 + reach)];
    const { data } = await image.section([first, last], [0, width]);
    const labels = (from: number, to: number) =>
      Float64Array.from({ length: (to - from) * width }, (_, place) => {
        const y = Math.max(first, Math.min(last - 1, from + Math.floor(place / width)));
        return Number(data[(y - first) * width + (place % width)]);
      });
    const blurred = blurRows(labels, { width, beam: 2 })(y0, y1);
    const unsure = (place: number) => 0.03 * normalAt(1, 1, y0 + Math.floor(place / width), place % width);
    await rows.write(
      Float32Array.from(blurred, (value, i) => Math.max(0, Math.min(1, 0.02 + 0.95 * value + unsure(i)))),
    );
  }
  await rows.end();
  await writer.close();
}

interface Ended {
  readonly seconds: number;
  /** Highest resident memory that was seen. */
  readonly megabytes: number;
  /** Of its processor. */
  readonly busySeconds: number;
  readonly said: string;
}

/** @param killAfter seconds; undefined: it ends by itself */
async function catalogue(name: string, killAfter?: number): Promise<Ended> {
  const config = at(`${name}.yaml`);
  const values = { probability: "probability.fits", image: "sample/image.fits", output: name };
  writeFileSync(
    config,
    Object.entries(values)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(""),
  );
  const command = new URL("../packages/bigsf/bin/bigsf.ts", import.meta.url).pathname;
  const started = performance.now();
  const child = spawn(taskset, ["-c", "0", process.execPath, command, "catalogue", "-c", config]);
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  child.stderr.resume();
  let [megabytes, busySeconds, isOver] = [0, 0, false];
  void ended.then(() => (isOver = true));
  while (!isOver) {
    await Promise.race([ended, wait(100)]);
    try {
      const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
      megabytes = Math.max(megabytes, Number(peak ?? 0) / 1000);
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      busySeconds = (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      // It has just ended.
    }
    if (killAfter !== undefined && (performance.now() - started) / 1000 > killAfter) child.kill("SIGKILL");
  }
  return { seconds: (performance.now() - started) / 1000, megabytes, busySeconds, said };
}

const files = ["catalogue.fits", "catalogue.vot", "skeleton.fits", "filaments.reg", "moc.fits", "summary.png"];
/** Of all but the moment at which a file was made, which FITS headers tell. */
const digestsOf = (name: string) =>
  files.map((file) => {
    const bytes = readFileSync(at(name, file));
    const head = bytes
      .subarray(0, 28_800)
      .toString("latin1")
      .replaceAll(/DATE {4}= '[^']*'/g, "");
    return createHash("sha256").update(head, "latin1").update(bytes.subarray(28_800)).digest("hex");
  });

if (!pathExists(at("sample", "truth.fits"))) await writeSample({ folder: at("sample"), height, width, seed: 3 });
if (!pathExists(at("probability.fits"))) await writeProbability();
for (const name of ["whole", "killed"]) rmSync(at(name), { recursive: true, force: true });

const told = ({ seconds, megabytes, busySeconds }: Ended) =>
  `${seconds.toFixed(0)} s, ${busySeconds.toFixed(0)} s of its core, at most ${megabytes.toFixed(0)} MB`;
console.log(`${cpus()[0]?.model}, Node ${process.version}, a map of ${width} x ${height} pixels, one core`);
const whole = await catalogue("whole");
console.log(whole.said);
console.log(`from the map to the catalogue: ${told(whole)}`);

let left = whole.seconds;
for (let kill = 1; kill <= Number(kills); kill++) {
  const after = Math.random() * left;
  const part = await catalogue("killed", after);
  console.log(`killed after ${after.toFixed(0)} s: ${told(part)}${part.said === "" ? "" : "; it had ended"}`);
  left = Math.max(10, left - after / 2);
}
if (Number(kills) > 0) {
  console.log(`went on: ${told(await catalogue("killed"))}`);
  const [one, other] = [digestsOf("whole"), digestsOf("killed")];
  const different = files.filter((_, i) => one[i] !== other[i]);
  console.log(different.length === 0 ? "all files are the same" : `different: ${different.join(", ")}`);
  if (different.length > 0) process.exitCode = 1;
}
if (whole.busySeconds > limit.seconds || whole.megabytes > limit.megabytes) {
  console.log(`missed: at most ${limit.seconds} s and ${limit.megabytes} MB`);
  process.exitCode = 1;
}
