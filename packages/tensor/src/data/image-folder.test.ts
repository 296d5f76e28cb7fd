import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { Generator } from "../random/generator.ts";
import { DataLoader } from "./data-loader.ts";
import { randomSplit } from "./dataset.ts";
import { readImage, resize } from "./image.ts";
import { ImageFolder } from "./image-folder.ts";

const fixtures = fileURLToPath(new URL("../../fixtures", import.meta.url));

interface Fixture {
  readonly files: readonly {
    readonly file: string;
    readonly tolerance: number;
    readonly color: readonly number[];
    readonly grey: readonly number[];
    readonly height: number;
    readonly width: number;
  }[];
  readonly resized: readonly { readonly size: readonly [number, number]; readonly values: readonly number[] }[];
}

/** Written by fixtures/images.py with Pillow and PyTorch. */
const fixture: Fixture = JSON.parse(await readFile(join(fixtures, "images.json"), "utf8"));
const picture = (name: string) => join(fixtures, "images", name);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "images-"));
});
afterAll(() => rm(folder, { recursive: true }));

function distance(actual: Float32Array, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return expected.reduce((most, value, index) => Math.max(most, Math.abs(value - (actual[index] ?? 9))), 0);
}

describe("an image is what Pillow reads", () => {
  test.each(fixture.files.map((each) => [each.file, each] as const))("%s", async (file, expected) => {
    const { height, width, tolerance } = expected;
    const color = await readImage(picture(file));
    expect(color.shape).toEqual([3, height, width]);
    expect(distance(color.data, expected.color)).toBeLessThan(tolerance + 1e-6);
    const grey = await readImage(picture(file), { channels: 1 });
    expect(grey.shape).toEqual([1, height, width]);
    expect(distance(grey.data, expected.grey)).toBeLessThan(tolerance + 1e-6);
  });
});

test.each(fixture.resized.map(({ size, values }) => [size.join(" x "), size, values] as const))(
  "resized to %s as by PyTorch's interpolate with antialias",
  async (_, size, values) => {
    const { data, shape } = await readImage(picture("rgb.png"), { size });
    expect(shape).toEqual([3, ...size]);
    expect(distance(data, values)).toBeLessThan(2e-6);
    const image = await readImage(picture("rgb.png"));
    expect(resize(image, size).data).toEqual(data);
  },
);

/** Folders b and a with 3 and 4 images, one of them deeper, and files that are no images. */
async function pets(name: string): Promise<string> {
  const root = join(folder, name);
  await mkdir(join(root, "b"), { recursive: true });
  await mkdir(join(root, "a", "more"), { recursive: true });
  for (const [index, file] of ["rgb.png", "grey.png", "sampled-444.jpg"].entries())
    await cp(picture(file), join(root, "b", `${index}.${file.slice(-3)}`));
  await cp(picture("rgba.png"), join(root, "a", "2.PNG"));
  await cp(picture("palette-4.png"), join(root, "a", "1.png"));
  await cp(picture("progressive.jpeg"), join(root, "a", "more", "3.jpeg"));
  await cp(picture("grey.jpg"), join(root, "a", "4.jpg"));
  await writeFile(join(root, "a", "notes.txt"), "no image");
  await writeFile(join(root, "readme.png"), "in no class");
  return root;
}

describe("a folder", () => {
  test("lists its images by class and path", async () => {
    const root = await pets("listed");
    const images = await ImageFolder.open(root);
    expect(images.classes).toEqual(["a", "b"]);
    expect(images.length).toBe(7);
    expect(images.files.map(({ path, label }) => [path.slice(root.length + 1), label])).toEqual([
      [join("a", "1.png"), 0],
      [join("a", "2.PNG"), 0],
      [join("a", "4.jpg"), 0],
      [join("a", "more", "3.jpeg"), 0],
      [join("b", "0.png"), 1],
      [join("b", "1.png"), 1],
      [join("b", "2.jpg"), 1],
    ]);
    const [image, label] = await images.get(4);
    expect(image?.shape).toEqual([3, 11, 13]);
    expect(await image?.data()).toEqual((await readImage(picture("rgb.png"))).data);
    expect([label?.shape, label?.dtype, await label?.item()]).toEqual([[], "int64", 1]);
    await expect(images.get(7)).rejects.toThrow(/index 7 is outside the data set of 7/);
  });

  test("is loaded in the same batches with threads and without", async () => {
    const root = await pets("loaded");
    const epoch = async (numWorkers: number) => {
      const images = await ImageFolder.open(root, { size: [4, 5], channels: 1 });
      const [part] = randomSplit(images, [6, 1], { generator: new Generator(1) });
      const batches: unknown[] = [];
      const loader = new DataLoader(part, { batchSize: 2, shuffle: true, numWorkers });
      for await (const chunk of loader.chunks(new Generator(0), 1)) batches.push(chunk);
      await loader.close();
      return batches;
    };
    const batches = await epoch(0);
    expect(batches.length).toBe(3);
    expect(batches[0]).toMatchObject({ batchSize: 2, fields: [{ shape: [2, 1, 4, 5] }, { shape: [2] }] });
    expect(await epoch(2)).toEqual(batches);
  });

  test("tells which file is broken", async () => {
    const root = await pets("broken");
    const whole = await readFile(picture("rgb.png"));
    await writeFile(join(root, "a", "1.png"), whole.subarray(0, 200));
    await writeFile(join(root, "a", "2.PNG"), whole.with(100, (whole[100] ?? 0) ^ 1));
    await writeFile(join(root, "a", "4.jpg"), "text");
    await writeFile(join(root, "b", "2.jpg"), (await readFile(picture("sampled-444.jpg"))).subarray(0, 300));
    await cp(picture("progressive.jpeg"), join(root, "a", "more", "3.jpeg"));
    const images = await ImageFolder.open(root);
    for (const [index, message] of [
      [0, /a.1\.png is a broken PNG file: /],
      [1, /a.2\.PNG is a broken PNG file: .*CRC/i],
      [2, /a.4\.jpg is neither a PNG nor a JPEG file/],
      [6, /b.2\.jpg is a broken JPEG file: /],
    ] as const) {
      await expect(images.get(index)).rejects.toThrow(message);
      await expect(images.get(index)).rejects.toThrow(TensorError);
    }
    await rm(join(root, "a", "more", "3.jpeg"));
    await expect(images.get(3)).rejects.toThrow(/3\.jpeg cannot be read/);
    // What is whole is read all the same.
    expect((await images.get(4))[0]?.shape).toEqual([3, 11, 13]);
  });

  test("of images of several sizes needs one to resize to", async () => {
    const root = await pets("sizes");
    const { data } = await readImage(picture("rgb.png"));
    expect(data.length).toBe(3 * 11 * 13);
    await cp(fileURLToPath(new URL("../../fixtures/images/rgb.png", import.meta.url)), join(root, "a", "0.png"));
    const images = await ImageFolder.open(root, { size: [8, 8] });
    const loader = new DataLoader(images, { batchSize: 8 });
    for await (const { fields } of loader.chunks(new Generator(0))) expect(fields[0]?.shape).toEqual([8, 3, 8, 8]);
  });
});

/** In the first start of a frame. */
function setJpegSize(bytes: Buffer, height: number, width: number): void {
  const frame =
    [...bytes.keys()].find((at) => bytes[at] === 0xff && [0xc0, 0xc1, 0xc2].includes(bytes[at + 1] ?? 0)) ?? 0;
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
}

describe("refused", () => {
  test("images of too many pixels, and headers that the file cannot hold, before anything is decoded", async () => {
    const lying = join(folder, "lying");
    for (const [name, at, size] of [
      ["rgb.png", (bytes: Buffer) => bytes.writeUInt32BE(40_000, 16), "40000 x 11"],
      ["sampled-444.jpg", (bytes: Buffer) => setJpegSize(bytes, 60_000, 50_000), "50000 x 60000"],
    ] as const) {
      const bytes = await readFile(picture(name));
      at(bytes);
      await writeFile(lying, name === "rgb.png" ? bytes.subarray(0, 50) : bytes);
      await expect(readImage(lying)).rejects.toThrow(
        `its header says ${size} pixels, its ${name === "rgb.png" ? 50 : bytes.length} bytes cannot hold them`,
      );
    }
    for (const name of ["rgb.png", "progressive.jpeg"]) {
      await expect(readImage(picture(name), { maxPixels: 10 })).rejects.toThrow(
        /pixels, more than maxPixels allows \(10\)/,
      );
    }
    // As large as the file may say, and refused without memory for its pixels.
    const large = Buffer.concat([await readFile(picture("rgb.png")), Buffer.alloc(50_000)]);
    large.writeUInt32BE(20_000, 16);
    large.writeUInt32BE(20_000, 20);
    await writeFile(lying, large);
    const before = process.memoryUsage().rss;
    await expect(readImage(lying, { size: [32, 32] })).rejects.toThrow(/has 20000 x 20000 pixels, more than maxPixels/);
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });

  test("folders without classes, or classes without images", async () => {
    await expect(ImageFolder.open(join(folder, "none"))).rejects.toThrow(/none cannot be read/);
    const empty = await mkdtemp(join(folder, "empty-"));
    await expect(ImageFolder.open(empty)).rejects.toThrow(/has no folders; the images of each class belong in one/);
    const root = await pets("lacking");
    await mkdir(join(root, "c"));
    await mkdir(join(root, "d"));
    await expect(ImageFolder.open(root)).rejects.toThrow(/no \.png, \.jpg or \.jpeg file is in .*c, .*d$/);
  });

  test.each([
    [{ size: [0, 4] as const }, /size is 0/],
    [{ size: [2.5, 4] as const }, /size is 2.5/],
    [{ maxPixels: 0 }, /maxPixels is 0/],
  ])("%j", async (options, message) => {
    await expect(ImageFolder.open(folder, options)).rejects.toThrow(message);
  });
});
