import { DataLoader } from "@ml-mosaic/tensor";
import { stars } from "./stars.ts";

const loader = new DataLoader(stars({ length: 6 }), { batchSize: 4, numWorkers: 2 });
for await (const [x] of loader) console.log(String(x));
await loader.close(); // ends the threads
