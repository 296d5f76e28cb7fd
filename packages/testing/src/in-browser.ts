/** Pages that tests open in a browser without a window. */
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { startProgram } from "./start-program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Debian's packages chromium-headless-shell and firefox-esr. */
const programs = {
  chromium: {
    path: "/usr/bin/chromium-headless-shell",
    args: (profile: string) => [
      "--no-sandbox",
      "--disable-gpu",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
    ],
  },
  firefox: {
    path: "/usr/bin/firefox-esr",
    args: (profile: string) => ["--headless", "--no-remote", "--profile", profile],
  },
} as const;

export type BrowserName = keyof typeof programs;
export const browserNames: readonly BrowserName[] = ["chromium", "firefox"];

export function browserPath(name: BrowserName): string {
  return programs[name].path;
}

export interface Site {
  /** The page: what it puts into its element `output` is the result. */
  readonly page: string;
  /** What else is served: folders by the beginning of their URLs. Types are stripped from TypeScript. */
  readonly folders: Readonly<Record<string, string>>;
}

export interface Visit {
  readonly output: string;
  /** What was loaded besides the page: bytes by URL. */
  readonly loaded: ReadonlyMap<string, number>;
}

const types: Readonly<Record<string, string>> = { ".js": "text/javascript", ".ts": "text/javascript" };

/** Tells what the page shows, or what went wrong. */
const reporter = `<script>
  const tell = (path, text) => fetch(path, { method: "POST", body: text });
  addEventListener("error", ({ message, target }) => tell("/failure", message ?? \`\${target.src} cannot be loaded\`), true);
  addEventListener("unhandledrejection", ({ reason }) => tell("/failure", String(reason?.stack ?? reason)));
  const watch = setInterval(() => {
    const text = document.querySelector("output")?.textContent ?? "";
    if (text === "") return;
    clearInterval(watch);
    tell("/output", text);
  }, 20);
</script>`;

/** Opens a page, and waits until its `output` says something. */
export async function visit(browser: BrowserName, { page, folders }: Site): Promise<Visit> {
  const loaded = new Map<string, number>();
  const told = Promise.withResolvers<string>();
  const server = createServer(async (request, response) => {
    const url = request.url ?? "/";
    if (request.method === "POST") {
      const text = (await request.toArray()).join("");
      response.end();
      if (url === "/output") told.resolve(text);
      else told.reject(new Error(`the page in ${browser} failed: ${text}`));
      return;
    }
    const [prefix, folder] = Object.entries(folders).find(([each]) => url.startsWith(each)) ?? [];
    const file = prefix === undefined || folder === undefined ? undefined : join(folder, url.slice(prefix.length));
    const content = url === "/" ? reporter + page : file && (await served(file));
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (url !== "/") loaded.set(url, Buffer.byteLength(content));
    response.writeHead(200, { "content-type": `${types[extname(url)] ?? "text/html"}; charset=utf-8` }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port }: Pick<AddressInfo, "port"> = Object(server.address());
  const folder = temporaryFolder();
  const profile = join(folder, "profile");
  await mkdir(profile);
  const { path, args } = programs[browser];
  const environment = { ...process.env, HOME: folder };
  const running = startProgram(path, [...args(profile), `http://127.0.0.1:${port}/`], {
    folder,
    environment,
  });
  try {
    const ended = running.finished.then(({ code, stderr }) => {
      throw new Error(`${path} ended with ${code}: ${stderr}`);
    });
    return { output: await Promise.race([told.promise, ended]), loaded };
  } finally {
    running.signalGroup("SIGKILL");
    await running.finished;
    server.closeAllConnections();
    server.close();
  }
}

/** Two browsers load the same files. */
const texts = new Map<string, string>();

async function served(file: string): Promise<string | undefined> {
  const known = texts.get(file);
  if (known !== undefined) return known;
  try {
    const text = await readFile(file, "utf8");
    const script = file.endsWith(".ts") ? stripTypeScriptTypes(text) : text;
    texts.set(file, script);
    return script;
  } catch {
    return undefined;
  }
}
