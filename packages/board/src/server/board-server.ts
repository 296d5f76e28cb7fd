/** The board's server: the page, what it asks for, and nothing else of this machine. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isIPv6 } from "node:net";
import { pipeline } from "node:stream/promises";
import type { BoardControls, BoardServer, BoardSettings } from "ml-mosaic/reading";
import type { Refusal } from "../wire/answers.ts";
import { answers, isLengthy, runIdIn } from "./answers.ts";
import type { BoardDatabase, BoardFacts } from "./board-database.ts";
import { clientFile, readModulesAhead } from "./client-files.ts";
import { sendEvents } from "./events.ts";
import { Guard } from "./guard.ts";
import { contentSecurityPolicy, lockedPageText, pageText } from "./page.ts";
import { predict } from "./predict/predict.ts";
import { Refused, refusalOf } from "./refused.ts";
import { openRunFile } from "./run-files.ts";
import { answerAboutMaps, closeSubject, type MapsOf, openSubject, type Subject } from "./subject.ts";

const limits = { headerBytes: 16 * 1024, bodyBytes: 2 ** 20, headerSeconds: 10, requestSeconds: 30, connections: 256 };

export interface ServerSettings extends BoardSettings {
  /** Where another program has maps to show of the databases, or of folders that are named like them. */
  readonly mapsOf?: MapsOf;
}

/** @throws StoreError for a database that cannot be read, and the system's error where the port cannot be had */
export async function startBoardServer(settings: ServerSettings): Promise<BoardServer> {
  const subjects: Subject[] = [];
  for (const path of settings.databases) subjects.push(await openSubject(path, settings.mapsOf));
  const guard = new Guard(settings);
  const board = { subjects, guard, controls: settings.controls };
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headerSeconds * 1000,
      requestTimeout: limits.requestSeconds * 1000,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => void answer(board, request, response),
  );
  server.maxConnections = limits.connections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, settings.host, () => resolve());
  });
  readAhead(subjects[0]?.database).catch(() => undefined);
  const bound = server.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : settings.port;
  const host = isIPv6(settings.host)
    ? `[${settings.host}]`
    : settings.host === "127.0.0.1"
      ? "localhost"
      : settings.host;
  return {
    address: `http://${host}:${port}/${guard.token === undefined ? "" : `?token=${guard.token}`}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      for (const subject of subjects) await closeSubject(subject);
    },
  };
}

/** What a page asks for first. Very many runs take longest, and are not to wait for modules from the disk. */
async function readAhead(database: BoardDatabase | undefined): Promise<void> {
  await Promise.all([database?.readAhead(), readModulesAhead()]);
}

interface Board {
  readonly subjects: readonly Subject[];
  readonly guard: Guard;
  readonly controls: BoardControls | undefined;
}

const headersOfAll = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

async function answer(board: Board, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(headersOfAll)) response.setHeader(name, value);
  // What is no page runs nothing, whatever a browser takes it for.
  response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
  try {
    board.guard.requireOwnPage(request);
    await route(board, request, response);
  } catch (error) {
    // Who has gone in the middle of a question needs no answer.
    if (error === request.errored) response.destroy();
    else refuse(response, error);
  }
}

async function route(board: Board, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { guard, subjects, controls } = board;
  const url = URL.parse(request.url ?? "/", "http://board");
  if (url === null) throw new Refused(400, notWritten);
  if (url.pathname === "/" && url.searchParams.has("token")) {
    if (!guard.isToken(url.searchParams.get("token"))) return locked(response);
    // Out of the address at once, where it would be kept in histories.
    if (guard.token !== undefined) response.setHeader("Set-Cookie", guard.setCookie);
    response.writeHead(303, { Location: guard.entrance }).end();
    return;
  }
  const [, number = "0", path = ""] = /^\/(?:d(\d{1,4})\/)?(.*)$/.exec(url.pathname) ?? [];
  const subject = subjects[Number(number)];
  if (subject === undefined) throw new Refused(404, { message: "there is no such database on this board" });
  if (!guard.hasCookie(request)) {
    if (path === "") return locked(response);
    throw new Refused(401, noToken);
  }
  if (path === "") return sendPage(response);
  const [kind, name = "", ...rest] = path.split("/").map(decode);
  if (kind !== "api") {
    const file = request.method === "POST" ? undefined : await clientFile(path);
    if (file === undefined) throw new Refused(404, { message: "there is no such file" });
    response.writeHead(200, { "Content-Type": `${file.type}; charset=utf-8` }).end(file.text);
    return;
  }
  if (!guard.hasKey(request, url)) throw new Refused(401, noToken);
  if (name === "control") {
    if (controls === undefined)
      throw new Refused(403, {
        message: "this board only looks",
        remedy: "start it with --control to pause, resume, stop and rerun from the page",
      });
    const order = rest[0] === "plan" ? url.searchParams : await orderIn(request);
    const action = rest[0] === "plan" ? (order.get("action") ?? "") : (rest[0] ?? "");
    const wanted = { action, ids: order.get("ids") ?? "", database: subject.location };
    return sendJson(response, await (rest[0] === "plan" ? controls.plan(wanted) : controls.carryOut(wanted)));
  }
  const { database, maps } = subject;
  // Nothing is changed by it, but it takes time and memory: no other page may ask for it.
  if (name === "predict" && database !== undefined)
    return sendJson(response, await predict(database.reader, runIdIn(rest[0] ?? ""), await orderIn(request)));
  const query = request.method === "POST" ? new URLSearchParams(await bodyOf(request)) : url.searchParams;
  if (name === "changes") {
    const source = database?.follower ?? maps?.follower;
    if (source === undefined) throw new Refused(404, { message: "nothing changes here" });
    const since = request.headers["last-event-id"] ?? query.get("since") ?? undefined;
    return sendEvents(response, source, typeof since === "string" ? since : since?.[0]);
  }
  if (name === "files" && database !== undefined) return await sendFile(response, database, rest[0] ?? "");
  if (rest.length > 1) throw new Refused(404, { message: `there is no api/${name.slice(0, 40)}` });
  const facts = { databases: subjects.map(({ location }) => location), mayControl: controls !== undefined };
  const asked = { name, rest: rest[0] ?? "" };
  const aboutMaps = await answerAboutMaps(subject, facts, asked);
  if (database !== undefined && aboutMaps === undefined && isLengthy(name) && (await database.hasMany())) {
    const text = await database.lengthy.ask(name, query.toString(), database.follower.rowsTold);
    response.writeHead(200, { "Content-Type": json }).end(text);
    return;
  }
  const said = aboutMaps ?? (await answerAboutRuns(database, facts, { ...asked, query }));
  if (said instanceof Uint8Array)
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": said.length }).end(said);
  else sendJson(response, said);
}

const noToken = { message: "open the address that mosaic board has printed: it has the token" };
const notWritten = { message: "the address is not written as addresses are" };

async function answerAboutRuns(
  database: BoardDatabase | undefined,
  facts: BoardFacts,
  { name, rest, query }: { readonly name: string; readonly rest: string; readonly query: URLSearchParams },
): Promise<unknown> {
  const found = Object.hasOwn(answers, name) ? answers[name] : undefined;
  if (found === undefined || database === undefined)
    throw new Refused(404, { message: `there is no api/${name.slice(0, 40)}` });
  return found({ database, facts, query, rest });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refused(400, notWritten);
  }
}

/** Browsers say with every POST which page it comes from; what does not say it is none. */
async function orderIn(request: IncomingMessage): Promise<URLSearchParams> {
  if (request.method !== "POST") throw new Refused(405, { message: "what changes something takes POST" });
  if (request.headers.origin === undefined)
    throw new Refused(403, { message: "an order says which page it comes from (Origin)" });
  return new URLSearchParams(await bodyOf(request));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > limits.bodyBytes)
      throw new Refused(413, { message: `a question of more than ${limits.bodyBytes} bytes is too long` });
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function sendPage(response: ServerResponse): void {
  response.setHeader("Content-Security-Policy", contentSecurityPolicy);
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(pageText);
}

function locked(response: ServerResponse): void {
  response.writeHead(401, { "Content-Type": "text/html; charset=utf-8" }).end(lockedPageText);
}

const json = "application/json; charset=utf-8";

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "Content-Type": json }).end(JSON.stringify(value));
}

async function sendFile(response: ServerResponse, database: BoardDatabase, id: string): Promise<void> {
  const { name, size, handle } = await openRunFile(database.reader, id);
  response.writeHead(200, {
    "Content-Type": "application/octet-stream",
    "Content-Length": size,
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name).replaceAll("'", "%27")}`,
  });
  // A file that grows meanwhile is not sent beyond the length that was said.
  await (size === 0
    ? handle.close().then(() => response.end())
    : pipeline(handle.createReadStream({ end: size - 1 }), response));
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    // It is too late to say anything; that the answer breaks off tells that it is not whole.
    response.destroy();
    return;
  }
  const { status, problem } = refusalOf(error);
  // What is left of a question that was too long is not read.
  if (status === 413) response.setHeader("Connection", "close");
  const refusal: Refusal = { problem };
  sendJson(response, refusal, status);
}
