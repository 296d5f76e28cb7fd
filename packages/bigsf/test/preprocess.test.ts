/** `bigsf sample` and `bigsf preprocess`, run as users run them; h5py reads what they wrote. */

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createFits } from "@ml-mosaic/fits";
import { type Finished, startProgram, temporaryFolder, until } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { writeMaps } from "../src/datasets/map-examples.ts";
import { openPatchFile } from "../src/patches/h5-patches.ts";
import { Preprocessing } from "../src/patches/preprocessing.ts";
import { writeSample } from "../src/sample/write-sample.ts";
import { runBigsf } from "./start-bigsf.ts";

const PYTHON = "/usr/bin/python3";
const bigsf = fileURLToPath(new URL("../bin/bigsf.ts", import.meta.url));
const fixtures = resolve(import.meta.dirname, "../fixtures/maps");
const folder = temporaryFolder();
const at = (...names: readonly string[]) => join(folder, ...names);
const skipWithoutH5py =
  process.env.REQUIRE_ALL !== "1" && spawnSync(PYTHON, ["-c", "import h5py, astropy"]).status !== 0;

beforeAll(async () => {
  await writeSample({ folder: at("sample"), height: 96, width: 130, seed: 1 });
  await writeSample({ folder: at("large"), height: 640, width: 640, seed: 1 });
});

interface RunOptions {
  /** Sent when a temporary file appears in this folder. */
  readonly kill?: { readonly signal: NodeJS.Signals; readonly folder: string };
  /** Largest file that the process may write, in kB. */
  readonly limit?: number;
}

async function run(args: readonly string[], { kill, limit }: RunOptions = {}): Promise<Finished> {
  if (kill === undefined && limit === undefined) return runBigsf(folder, ...args);
  const command = [process.execPath, "--disable-warning=ExperimentalWarning", bigsf, ...args];
  const [program = "", ...rest] =
    limit === undefined ? command : ["bash", "-c", `ulimit -f ${limit}; exec "$0" "$@"`, ...command];
  const running = startProgram(program, rest, { folder });
  if (kill !== undefined) {
    await until(() => temporaries(kill.folder).length > 0, "a temporary file");
    running.kill(kill.signal);
  }
  return running.finished;
}

function temporaries(place: string): readonly string[] {
  return readdirSync(place).filter((name) => name.endsWith(".tmp"));
}

/** Writes `<name>.yaml`, whose results go into the folder `name`. */
function config(name: string, maps: string, more = ""): string {
  const layers = ["image", "target", "missing", "background"].map((layer) => `${layer}: ${maps}/${layer}.fits\n`);
  writeFileSync(at(`${name}.yaml`), `${layers.join("")}output: ${name}\n${more}`);
  return `${name}.yaml`;
}

function python(script: string, ...args: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync(PYTHON, ["-c", script, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

test("a summary, the picture, the configuration; then it is reused, or refused, or overwritten", async () => {
  const first = await run(["preprocess", "-c", config("first", "sample", "stride: 4\n")]);
  expect(first.stderr).toBe("425 of 425 patches of 32 x 32 are kept: 5.23 MB before compression.\n");
  expect(first.stdout).toMatch(
    /^first\/patches\.h5\n {2}candidates +425 {2}patches of 32 x 32, stride 4, in 96 rows of 130 pixels\n/,
  );
  expect(first.stdout).toMatch(/\n {2}kept +425 {2}100\.0 %\n {2}dropped +0\n {2}with filament +\d+ {2}/);
  expect(first.stdout).toMatch(
    /\n {2}size +\d.* MB {2}5\.23 MB before compression\n {2}time +00:0\d\n {2}note: image\.fits: .* NaN/,
  );
  expect(first.stdout).toContain("\n  picture: first/overview.png\n");
  expect(first.code).toBe(0);
  expect(readdirSync(at("first")).sort()).toEqual(["config.yaml", "overview.png", "patches.h5"]);
  expect(readFileSync(at("first/overview.png")).subarray(1, 4).toString()).toBe("PNG");
  const resolved = Preprocessing.fromConfig(at("first/config.yaml"));
  expect(resolved).toMatchObject({ image: at("sample/image.fits"), patch_size: 32, stride: 4, compression: "gzip" });

  const before = readFileSync(at("first/patches.h5"));
  const again = await run(["preprocess", "-c", config("first", "sample", "stride: 4\n")]);
  expect(again).toEqual({
    code: 0,
    signal: null,
    stdout: "first/patches.h5 is of this configuration already; nothing to do.\n",
    stderr: "",
  });
  expect(readFileSync(at("first/patches.h5"))).toEqual(before);

  const other = "stride: 5\nnormalization: log\ncompression: 1\n";
  const refused = await run(["preprocess", "-c", config("first", "large", other)]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toBe(
    `${at("first/patches.h5")} is of another configuration: stride 4 there, 5 asked for; normalization minmax there, log asked for; gzip level 4 there, 1 asked for; another image; another target; another missing; another background. Give another output, or overwrite: true.\n`,
  );
  expect(readFileSync(at("first/patches.h5"))).toEqual(before);

  const replaced = await run(["preprocess", "-c", config("first", "sample", `${other}overwrite: true\n`)]);
  expect(replaced.code, replaced.stderr).toBe(0);
  const source = await openPatchFile(at("first/patches.h5"));
  expect(source.length).toBe(13 * 20);
  await source.close();
});

test.skipIf(skipWithoutH5py)(
  "h5py finds the documented names, shapes, types, chunks, filters and attributes",
  async () => {
    const { code, stderr } = await run(["preprocess", "-c", config("h5py", fixtures, "patch_size: 8\nstride: 5\n")]);
    expect(code, stderr).toBe(0);
    const script = `
import h5py, json, sys, base64
f = h5py.File(sys.argv[1])
sets = {k: [list(f[k].shape), f[k].dtype.str, list(f[k].chunks), f[k].compression, f[k].compression_opts] for k in f}
attributes = {k: v if isinstance(v, str) else v.tolist() for k, v in f.attrs.items()}
data = {k: base64.b64encode(f[k][()].tobytes()).decode() for k in f if k not in ("positions", "valid")}
from astropy.io.fits import Header, getheader
assert Header.fromstring(attributes["image_header"]).tostring() == getheader(sys.argv[2]).tostring()
print(json.dumps([sets, attributes, f["positions"][()].tolist(), data]))`;
    const [sets, attributes, positions, data] = Array.from<unknown>(
      Object(python(script, at("h5py/patches.h5"), join(fixtures, "image.fits"))),
    );
    expect(sets).toEqual({
      patches: [[78, 8, 8, 1], "<f4", [256, 8, 8, 1], "gzip", 4],
      spines: [[78, 8, 8, 1], "<f4", [256, 8, 8, 1], "gzip", 4],
      labelled: [[78, 8, 8, 1], "<f4", [256, 8, 8, 1], "gzip", 4],
      positions: [[78, 2, 2, 1], "<i4", [4096, 2, 2, 1], "gzip", 4],
      valid: [[45, 61], "|u1", [45, 61], "gzip", 4],
    });
    expect(attributes).toMatchObject({
      patch_size: 8,
      stride: 5,
      normalization: "minmax",
      compression: 4,
      map_shape: [45, 61],
    });
    const { awkward } = JSON.parse(readFileSync(resolve(fixtures, "../patches.json"), "utf8"));
    const [{ patches, spines, labelled, positions: corners }] = awkward;
    expect(data).toEqual({ patches, spines, labelled });
    const first = new Int32Array(Uint8Array.from(Buffer.from(corners, "base64")).buffer);
    const expected = Array.from({ length: 78 }, (_, i) =>
      [first[2 * i] ?? 0, first[2 * i + 1] ?? 0].map((start) => [[start], [start + 8]]),
    );
    expect(positions).toEqual(expected);
  },
);

test.skipIf(skipWithoutH5py)("files of other software can be read, and are not taken for one's own", async () => {
  // As the original writes them: float32 positions, no attributes.
  mkdirSync(at("foreign"));
  const script = `
import h5py, numpy as np, sys
f = h5py.File(sys.argv[1], "w")
for name in ("patches", "spines", "labelled"):
    f.create_dataset(name, data=np.arange(3 * 4 * 4, dtype="f4").reshape(3, 4, 4, 1), maxshape=(None, 4, 4, 1), compression="gzip")
f["positions"] = np.array([[[y, y + 4], [x, x + 4]] for y, x in ((0, 0), (0, 9), (5, 2))], "f4")[..., None]
print("{}")`;
  python(script, at("foreign/patches.h5"));
  const source = await openPatchFile(at("foreign/patches.h5"));
  expect(source).toMatchObject({ length: 3, patchSize: 4, maps: [{ shape: [9, 13], start: 0, stop: 3 }] });
  expect(source.maps[0]?.header).toBeUndefined();
  expect(source.positions).toEqual(Int32Array.of(0, 0, 0, 9, 5, 2));
  const read = { patches: new Float32Array(16), spines: new Float32Array(16), labelled: new Float32Array(16) };
  await source.read(Int32Array.of(2), read);
  expect(read.spines).toEqual(Float32Array.from({ length: 16 }, (_, i) => 32 + i));
  await source.close();
  const { code, stderr } = await run(["preprocess", "-c", config("foreign", "sample")]);
  expect(code).toBe(2);
  expect(stderr).toContain("foreign/patches.h5 is of another configuration: it does not say how it was made.");
});

describe("what cannot be read as patches", () => {
  test.each([
    ["nothing", undefined, "cannot be read: No such file or directory."],
    ["text", "hello".repeat(1000), "cannot be read: it is no HDF5 file."],
    ["empty", "", "cannot be read: it is no HDF5 file."],
  ])("%s", async (name, content, message) => {
    const path = at(`${name}.h5`);
    if (content !== undefined) writeFileSync(path, content);
    await expect(openPatchFile(path)).rejects.toMatchObject({ code: "PATCHES", message: `${path} ${message}` });
  });

  test("half a file, and one without patches", async () => {
    await run(["preprocess", "-c", config("half", "sample", "stride: 16\n")]);
    const whole = readFileSync(at("half/patches.h5"));
    writeFileSync(at("half/patches.h5"), whole.subarray(0, whole.length / 2));
    await expect(openPatchFile(at("half/patches.h5"))).rejects.toThrow("the file is cut off; make it again");
    const { code, stderr } = await run(["preprocess", "-c", "half.yaml"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("the file is cut off; make it again")]);
    // What is asked for is made where it is asked for clearly.
    await run(["preprocess", "-c", config("half", "sample", "stride: 16\noverwrite: true\n")]);
    const source = await openPatchFile(at("half/patches.h5"));
    expect(source.length).toBe(35);
    await source.close();
  });
});

describe("harm", () => {
  test("kill -9 while it writes: nothing that looks whole; the next run clears up and completes", async () => {
    const name = config("killed", "large", "stride: 2\n");
    const killed = await run(["preprocess", "-c", name], { kill: { signal: "SIGKILL", folder: at("killed") } });
    expect(killed.signal).toBe("SIGKILL");
    expect(temporaries(at("killed"))).toHaveLength(1);
    expect(existsSync(at("killed/patches.h5"))).toBe(false);
    const other = at("killed/.patches.h5.elsewhere-1-0123abcd.tmp");
    writeFileSync(other, "of a process on another machine");
    const { code, stderr } = await run(["preprocess", "-c", config("killed", "large", "stride: 16\n")]);
    expect(code, stderr).toBe(0);
    expect(temporaries(at("killed"))).toEqual([".patches.h5.elsewhere-1-0123abcd.tmp"]);
  });

  test("Ctrl-C: nothing is left, exit code 3", async () => {
    const name = config("stopped", "large", "stride: 1\n");
    const { code, stderr } = await run(["preprocess", "-c", name], {
      kill: { signal: "SIGINT", folder: at("stopped") },
    });
    expect(stderr).toContain("Stopped; nothing was written.\n");
    expect(code).toBe(3);
    expect(readdirSync(at("stopped")).sort()).toEqual(["config.yaml", "overview.png"]);
  });

  test("a full disk: one line, nothing is left", async () => {
    // The picture has to fit under the limit, the patches must not.
    const name = config("full", "sample", "stride: 1\n");
    const { code, stderr } = await run(["preprocess", "-c", name], { limit: 2000 });
    expect(stderr).toContain(`${at("full/patches.h5")} cannot be written: File too large.`);
    expect(code).toBe(3);
    expect(readdirSync(at("full")).sort()).toEqual(["config.yaml", "overview.png"]);
  });

  test("more than 100 GB is written with --yes only", async () => {
    const name = config("huge", "large", "patch_size: 256\n");
    const refused = await run(["preprocess", "-c", name]);
    expect(refused.stderr).toBe(
      "148,225 of 148,225 patches of 256 x 256 are kept: 117 GB before compression.\n148,225 patches take up to 117 GB. Say --yes if that is meant; otherwise give a larger stride, or cut patches while training, without a copy: data.source in the training's configuration takes the maps.\n",
    );
    expect(refused.code).toBe(2);
    expect(existsSync(at("huge"))).toBe(false);
    const started = await run(["preprocess", "-c", name, "--yes"], { kill: { signal: "SIGINT", folder: at("huge") } });
    expect(started.code, started.stderr).toBe(3);
  });
});

describe("maps that give no patch", () => {
  test.each([
    ["all NaN", () => Number.NaN, /No patch is kept of 25: .*image\.fits has no pixel > 0 in them\./],
    ["all zero", () => 0, /has no pixel > 0/],
    ["all negative", () => -1, /has no pixel > 0/],
  ])("%s", async (name, value, message) => {
    mkdirSync(at(`maps ${name}`));
    await writeMaps(at(`maps ${name}`), { height: 20, width: 20, image: value });
    const { code, stderr } = await run(["preprocess", "-c", config(`out ${name}`, `maps ${name}`, "patch_size: 16\n")]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(at(`out ${name}`))).toBe(false);
  });

  test("constant, and 1e23 in float32: patches are 0 and 1", async () => {
    mkdirSync(at("constant"));
    await writeMaps(at("constant"), { height: 8, width: 16, image: (_, x) => (x < 8 ? 7 : x === 12 ? 1e23 : 1e22) });
    const { code, stdout } = await run([
      "preprocess",
      "-c",
      config("constant-out", "constant", "patch_size: 8\nstride: 8\n"),
    ]);
    expect(code, stdout).toBe(0);
    const source = await openPatchFile(at("constant-out/patches.h5"));
    const read = { patches: new Float32Array(128), spines: new Float32Array(128), labelled: new Float32Array(128) };
    await source.read(Int32Array.of(0, 1), read);
    expect(read.patches.subarray(0, 64)).toEqual(new Float32Array(64));
    expect(read.patches.subarray(64)).toEqual(Float32Array.from({ length: 64 }, (_, i) => (i % 8 === 4 ? 1 : 0)));
    await source.close();
  });

  test("values beyond float32 cannot stay as they are", async () => {
    mkdirSync(at("beyond"));
    for (const layer of ["image", "target", "missing", "background"]) {
      await using writer = await createFits(at(`beyond/${layer}.fits`));
      await writer.image({ shape: [8, 8], data: new Float64Array(64).fill(layer === "image" ? 1e39 : 1) });
      await writer.close();
    }
    const { code, stderr } = await run([
      "preprocess",
      "-c",
      config("beyond-out", "beyond", "patch_size: 8\nnormalization: none\n"),
    ]);
    expect(stderr).toContain(
      "has values up to 1e+39: patches are float32, up to 3.4e38. Give normalization: minmax or log.",
    );
    expect(code).toBe(2);
  });
});

test("everything wrong in a configuration, at once", async () => {
  writeFileSync(
    at("wrong.yaml"),
    "image: a.fits\nmising: b.fits\npatch_size: 0.5\nstride: 0\nnormalization: minimax\ncompression: 11\n",
  );
  const { code, stderr } = await run(["preprocess", "-c", "wrong.yaml"]);
  expect(code).toBe(2);
  for (const part of [
    "target: missing",
    'mising: unknown option; did you mean "missing"?',
    "patch_size: expected an integer, got 0.5",
    'did you mean "minmax"?',
    "output: missing",
  ])
    expect(stderr).toContain(part);
  writeFileSync(
    at("wrong.yaml"),
    "image: a\ntarget: a\nmissing: a\nbackground: a\noutput: o\npatch_size: 0\nstride: 0\ncompression: 11\n",
  );
  const second = await run(["preprocess", "-c", "wrong.yaml"]);
  expect(second.stderr).toContain("patch_size: expected 1 or more, got 0");
  expect(second.stderr).toContain("stride: expected 1 or more, got 0");
  expect(second.stderr).toContain("compression: expected a gzip level from 0 to 9, got 11");
});

test("configs/config_preprocess.yaml runs after bigsf sample as it stands", async () => {
  mkdirSync(at("newcomer/configs"), { recursive: true });
  copyFileSync(
    resolve(import.meta.dirname, "../../../configs/config_preprocess.yaml"),
    at("newcomer/configs/config_preprocess.yaml"),
  );
  const sample = await run(["sample", "newcomer/sample"]);
  expect(sample).toMatchObject({ code: 0, stderr: "" });
  expect(sample.stdout).toBe(
    ["image", "target", "missing", "background", "truth"].map((layer) => `newcomer/sample/${layer}.fits\n`).join(""),
  );
  const { code, stderr } = await run(["preprocess", "-c", "newcomer/configs/config_preprocess.yaml"]);
  expect(code, stderr).toBe(0);
  expect(existsSync(at("newcomer/data/patches.h5"))).toBe(true);
  const twice = await run(["sample", "newcomer/sample"]);
  expect(twice.code).toBe(2);
  expect(twice.stderr).toContain("there already: newcomer/sample/image.fits");
});
