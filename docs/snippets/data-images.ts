import { DataLoader, ImageFolder } from "@ml-mosaic/tensor";

const images = await ImageFolder.open("pets", { channels: 3, size: [16, 16], workers: 1 });
console.log(images.length, images.classes.join(", "));
for await (const [x, y] of new DataLoader(images, { batchSize: 2 }))
  console.log(String(x), JSON.stringify(await y?.toArray()));
await images.close(); // ends the worker
