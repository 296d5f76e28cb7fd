import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addCommentary, createFits, getNumber, makeHeader, openFits, readCelestialWcs } from "@ml-mosaic/fits";

const folder = await mkdtemp(join(tmpdir(), "fits-example-"));
const path = join(folder, "map.fits");

// A map of 300 rows of 400 pixels, given row by row. The file appears under its name when it is closed.
const cards = makeHeader({
  OBJECT: "a filament",
  BUNIT: ["cm-2", "column density"],
  CTYPE1: "GLON-CAR",
  CTYPE2: "GLAT-CAR",
  CRPIX1: 200.5,
  CRPIX2: 150.5,
  CRVAL1: 30,
  CRVAL2: 0,
  CDELT1: -0.0032,
  CDELT2: 0.0032,
});
const header = addCommentary(cards, "HISTORY", "made by an example");
{
  await using writer = await createFits(path, { checksum: true });
  const rows = await writer.startImage({ shape: [300, 400], type: "float32", header });
  for (let y = 0; y < 300; y++) {
    await rows.write(Float32Array.from({ length: 400 }, (_, x) => Math.exp(-(((y - 150) / 20) ** 2)) * x));
  }
  await rows.end();
  await writer.image({
    name: "MASK",
    shape: [2, 3],
    data: Uint8Array.of(0, 1, 1, 0, 0, 1),
    compression: { type: "RICE_1" },
  });
  await writer.close();
}

await using file = await openFits(path);
for (const { index, name, kind } of file.hdus) console.log(index, name, kind);

const image = file.image();
const { shape, data } = await image.as("float32").section([150, 152], [100, 103]);
console.log(shape, [...data.subarray(0, 3)], getNumber(image.header, "CDELT2"), await file.verify(image));

let brightest = 0;
for await (const block of image.as("float32").rows()) brightest = Math.max(brightest, ...block.data);
console.log(brightest, (await file.image("MASK").read()).data.join(" "));

const wcs = readCelestialWcs(image.header);
const sky = wcs?.pixelToSky([0, 199.5], [0, 149.5]);
console.log(wcs?.longitudeName, sky?.longitude, sky?.latitude);

await openFits(new TextEncoder().encode("<html>".padEnd(3000))).catch((error) =>
  console.log(error.code, error.message),
);
await file.close();
await rm(folder, { recursive: true });
