import { expect, test } from "vitest";
import { startBoardServer } from "./board-server.ts";

test("serves the page, its modules without types, and libraries by the import map, and no other file", async () => {
  const server = await startBoardServer({ host: "127.0.0.1", port: 0 });
  try {
    const page = await fetch(server.url);
    const text = await page.text();
    const [, map = "{}"] = /<script type="importmap">(.*)<\/script>/.exec(text) ?? [];
    const { imports }: { imports: Record<string, string> } = JSON.parse(map);
    for (const address of [...Object.values(imports), "client/main.ts", "client/board.css", "library/uplot.css"]) {
      const response = await fetch(new URL(address, server.url));
      expect([address, response.status]).toEqual([address, 200]);
      expect(response.headers.get("content-type")).toMatch(/^text\/(javascript|css)/);
    }
    for (const address of ["server/board-server.ts", "client/%2e%2e/index.ts", "client/../index.ts", "package.json"])
      expect((await fetch(new URL(address, server.url))).status).toBe(404);
  } finally {
    await server.close();
  }
});
