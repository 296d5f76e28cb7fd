import { parseCsv, readCsv } from "@ml-mosaic/tensor";

const columns = { petal: "float32", sepal: "float32", species: "class" } as const;
const flowers = await readCsv("flowers.csv", { columns });
const dataset = flowers.dataset({ features: ["petal", "sepal"], target: "species" });
console.log(flowers.length, flowers.classes("species").join(", "));
for (const field of await dataset.get(2)) console.log(String(field), JSON.stringify(await field.toArray()));

try {
  await parseCsv("petal,sepal,species\n3.5,x,lily\n,2,rose\n", { columns, name: "wrong.csv" });
} catch (error) {
  if (error instanceof Error) console.log(error.message);
}
