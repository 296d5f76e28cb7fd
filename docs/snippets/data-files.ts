import { DataLoader, FileDataset } from "@ml-mosaic/tensor";

const arrays = await FileDataset.open("points.h5", { input: "input", target: "output" });
const loader = new DataLoader(arrays, { batchSize: 32, shuffle: true });
for await (const [x, y] of loader) console.log(String(x), String(y));
await arrays.close();

const table = await FileDataset.open("flowers.csv", { input: ["petal", "sepal"], target: "species" });
console.log(table.length, JSON.stringify(table.classes));
for (const field of await table.get(1)) console.log(String(field), JSON.stringify(await field.toArray()));
await table.close();

try {
  await FileDataset.open("points.h5", { input: "inputs" });
} catch (error) {
  if (error instanceof Error) console.log(error.message);
}
