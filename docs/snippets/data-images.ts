import { DataLoader, ImageFolder } from "@ml-mosaic/tensor";

const images = await ImageFolder.open("pets", { channels: 3, size: [16, 16] });
console.log(images.length, images.classes.join(", "));
const loader = new DataLoader(images, { batchSize: 2, numWorkers: 1 });
for await (const [x, y] of loader) console.log(String(x), JSON.stringify(await y?.toArray()));
await loader.close(); // ends the thread
