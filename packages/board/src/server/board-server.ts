import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { clientFile } from "./client-files.ts";
import { contentSecurityPolicy, pageText } from "./page.ts";

export interface BoardServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startBoardServer({ host, port }: { host: string; port: number }): Promise<BoardServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://board");
    const answer = async () => {
      if (pathname === "/") {
        response.setHeader("Content-Security-Policy", contentSecurityPolicy);
        response.setHeader("Content-Type", "text/html; charset=utf-8");
        response.end(pageText);
        return;
      }
      const file = await clientFile(pathname.slice(1));
      response.statusCode = file === undefined ? 404 : 200;
      if (file !== undefined) response.setHeader("Content-Type", `${file.type}; charset=utf-8`);
      response.end(file?.text ?? "");
    };
    answer().catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
