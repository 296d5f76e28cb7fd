/** A thread of `ImageWorkers`: reads an image for each message. */

import { parentPort } from "node:worker_threads";
import { messageOf } from "@ml-mosaic/base";
import { readImage } from "./image.ts";
import type { ImageReply, ImageRequest } from "./image-workers.ts";

const port = parentPort;
port?.on("message", ({ id, path, options }: ImageRequest) => {
  readImage(path, options).then(
    (image) => port.postMessage({ id, image } satisfies ImageReply, [image.data.buffer]),
    (error: unknown) => port.postMessage({ id, message: messageOf(error) } satisfies ImageReply),
  );
});
