import { copyFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { request as ask } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { meanOf, tInterval } from "@ml-mosaic/statistics";
import type { BoardPackage, BoardServer } from "ml-mosaic/reading";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../../mosaic/test/compare-test-database.ts";
import * as board from "../index.ts";
import type {
  Failures,
  Groups,
  Importance,
  PairDetail,
  Pareto,
  Refusal,
  RunDetail,
  Verdicts,
} from "../wire/answers.ts";
import { type Columns, decodeColumns, noText } from "../wire/columns.ts";
import { decodeCurves } from "../wire/curves.ts";
import type { ExperimentInfo } from "../wire/experiment.ts";

const evil = '<img src=x onerror="alert(1)">';

let folder: string;
/** As `mosaic board` takes it. */
const { startBoardServer, exportBoard }: BoardPackage = board;

let server: BoardServer;
let cookie: string;
let key: string;
let port: number;

/** Three models with six repetitions each on one data set; of the third two have failed and one is NaN. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-board-"));
  const runs = [4, 8, 16].flatMap((width) =>
    Array.from({ length: 6 }, (_, repetition) => ({
      pipeline: [dataEntry("k_Data"), netEntry(width, width === 16 ? { class: evil, key: "k_evil" } : {})],
      repetition,
      status: width === 16 && repetition < 2 ? "error" : "done",
      results: {
        test_loss: width === 16 && repetition === 2 ? Number.NaN : 1 / width + 0.001 * ((repetition * 7) % 5),
        nb_params: width * 10,
      },
    })),
  );
  await writeDatabase(join(folder, "or.db"), runs);
  server = await startBoardServer({
    databases: [join(folder, "or.db")],
    host: "127.0.0.1",
    port: 0,
    allowHosts: ["hub.example"],
    hasToken: true,
  });
  port = Number(new URL(server.address).port);
  const response = await fetch(server.address, { redirect: "manual" });
  cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  key = keyIn(response);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** What the page keeps. */
function keyIn(exchanged: Response): string {
  return /^\.\/#key=([\w-]{32})$/.exec(exchanged.headers.get("location") ?? "")?.[1] ?? "";
}

function get(
  path: string,
  headers: Readonly<Record<string, string>> = { cookie },
  init: RequestInit = {},
): Promise<Response> {
  return fetch(new URL(path, `http://127.0.0.1:${port}/`), {
    redirect: "manual",
    ...init,
    headers: { "mosaic-board-key": key, ...headers },
  });
}

async function json<T>(path: string): Promise<T> {
  const response = await get(path);
  const value: T = JSON.parse(await response.text());
  expect([path, response.status, response.status === 200 ? "" : value]).toEqual([path, 200, ""]);
  return value;
}

async function refusal(path: string): Promise<readonly [number, Refusal["problem"]]> {
  const response = await get(path);
  const { problem }: Refusal = JSON.parse(await response.text());
  return [response.status, problem];
}

async function columns(path: string): Promise<Columns> {
  return decodeColumns(await (await get(path)).arrayBuffer());
}

/** As `fetch` cannot: with any Host. Gives the status. */
function statusFor(path: string, headers: Readonly<Record<string, string>>, method = "GET"): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = ask(
      { host: "127.0.0.1", port: port, path, method, headers: { cookie, "mosaic-board-key": key, ...headers } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on("error", reject);
    request.end();
  });
}

/** As a connection gives it; "" where it is ended without a word. */
function statusOfRaw(said: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (piece) => {
      text += piece;
    });
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? ""));
    socket.write(said);
  });
}

describe("answers", () => {
  test("say what there is: every option and result a column, in the names of conditions", async () => {
    const info = await json<ExperimentInfo>("api/experiment");
    expect(info).toMatchObject({
      title: "or.db",
      runs: 18,
      counts: { done: 16, error: 2 },
      isLive: true,
      mayControl: false,
      criterion: "test_loss",
      secondsLeft: null,
    });
    const column = (name: string) => info.columns.find((each) => each.name === name);
    expect(info.columns[0]).toMatchObject({ name: "id", type: "number" });
    expect(column("Net_width")).toMatchObject({ role: "option", type: "number", varies: true });
    expect(column("lr")).toMatchObject({ role: "option", type: "number", varies: false });
    expect(column("test_loss")).toMatchObject({ role: "result", direction: "lower", scale: "log", title: "test loss" });
  });

  test("columns hold what the database does: NaN told from nothing, numbers and texts", async () => {
    const { rows, columns: found } = await columns("api/columns?names=id&names=status&names=test_loss&names=Net_width");
    const [id, status, loss, width] = found;
    expect(rows).toBe(18);
    if (id?.kind !== "number" || loss?.kind !== "number" || width?.kind !== "number" || status?.kind !== "text")
      throw new Error("other kinds");
    expect(Array.from(id.values)).toEqual(Array.from({ length: 18 }, (_, row) => row + 1));
    expect(status.texts[status.codes[12] ?? noText]).toBe("error");
    expect([loss.values[0], loss.values[14], loss.missing?.[12], loss.missing?.[14]]).toEqual([0.25, Number.NaN, 1, 0]);
    expect([width.values[0], width.missing?.[12]]).toEqual([4, 1]);
    expect((await columns("api/columns")).columns.length).toBeGreaterThan(20);
  });

  test("groups are exact, failures counted, and follow the filter", async () => {
    const { groups, interval } = await json<Groups>(
      "api/groups?by=Net_width&results=test_loss&where=status+in+(done,error)",
    );
    const of4 = Array.from({ length: 6 }, (_, repetition) => 1 / 4 + 0.001 * ((repetition * 7) % 5));
    expect(interval).toBe("95 % t interval of the mean");
    expect(groups.map(({ values, runs, failed }) => [values, runs, failed])).toEqual([
      [[4], 6, 0],
      [[8], 6, 0],
      [[null], 6, 2],
    ]);
    expect(groups[0]?.estimates).toEqual([{ mean: meanOf(of4), ...tInterval(of4), n: 6 }]);
    expect(groups[2]?.estimates[0]?.n).toBe(3);
    const some = await json<Groups>(
      "api/groups?by=Net_width&by=status&results=test_loss&where=Net_width+%3C+6&ids=1-2,5,9",
    );
    expect(some.groups.map(({ values, runs }) => [values, runs])).toEqual([[[4, "done"], 3]]);
  });

  test("a filter's mistakes are told with their place, in words", async () => {
    expect(await refusal("api/groups?by=status&results=test_loss&where=status+%3D+done+and+test_los+%3E+1")).toEqual([
      400,
      { message: '"test_los" at character 19 is not known. Did you mean "test_loss"?', at: 19 },
    ]);
    expect((await refusal("api/failures?where=status+%3D"))[0]).toBe(400);
    expect(await refusal("api/groups?by=nothing&results=test_loss")).toEqual([
      404,
      { message: 'there is no column "nothing"' },
    ]);
    expect((await refusal("api/groups?by=status&results=status"))[1].message).toContain("has texts");
  });

  test("a filter by any column is understood by every answer, and as mosaic compare --where understands it", async () => {
    const { parseCondition, runsWhere, openSqliteReader } = await import("ml-mosaic/reading");
    const { columns: all } = await json<ExperimentInfo>("api/experiment");
    for (const { name, type } of all) {
      const where = encodeURIComponent(`"${name.replaceAll('"', '""')}" ${type === "number" ? ">= 0" : "!= done"}`);
      for (const path of ["failures", "groups?by=status", "verdicts", "curves?pixels=9"])
        expect([path, name, (await get(`api/${path}${path.includes("?") ? "&" : "?"}where=${where}`)).status]).toEqual([
          path,
          name,
          200,
        ]);
    }
    const reader = await openSqliteReader(join(folder, "or.db"));
    for (const where of [
      "test_loss > 0.1",
      "not test_loss <= 0.2",
      "Net_width != 8",
      "status in (error, done)",
      "tag = None",
      "test_loss = nan",
    ]) {
      const parsed = parseCondition(where);
      if (!parsed.ok) throw new Error(parsed.fault.message);
      const { groups } = await json<Groups>(`api/groups?by=id&where=${encodeURIComponent(where)}`);
      expect([where, groups.map(({ values: [id] }) => id)]).toEqual([where, await runsWhere(reader, parsed.condition)]);
    }
    await reader.close();
  });

  test("verdicts are those of mosaic compare, for a selection too", async () => {
    const { compareRuns, defaultRope, openSqliteReader } = await import("ml-mosaic/reading");
    const reader = await openSqliteReader(join(folder, "or.db"));
    const report = await compareRuns(reader, { criterion: "test_loss", rope: defaultRope, scale: "auto" });
    await reader.close();
    const said = await json<Verdicts>("api/verdicts?result=test_loss");
    const [data] = report.dataSets;
    expect(said.ranking.map(({ name, mean, n, low }) => ({ name, mean, n, low }))).toEqual(
      data?.models.map(({ model, mean, n, interval }) => ({ name: model, mean, n, low: interval?.low ?? null })),
    );
    expect(said.pairs.map(({ pValue }) => pValue)).toEqual(data?.pairs.map(({ pCorrected }) => pCorrected));
    expect(said.sentence).toContain(said.ranking[0]?.name);
    const selected = await json<Verdicts>("api/verdicts?result=test_loss&ids=1-12");
    expect(selected.ranking).toHaveLength(2);
    expect(selected.notes.join(" ")).toMatch(/left out|not selected/);
  });

  test("a pair has its differences by repetition, and what was known after each", async () => {
    const { ranking } = await json<Verdicts>("api/verdicts");
    const [one, other] = ranking.filter(({ n }) => n === 6).map(({ name }) => name);
    const address = (a = "", b = "") => `api/pair?one=${encodeURIComponent(a)}&other=${encodeURIComponent(b)}`;
    const detail = await json<PairDetail>(address(one, other));
    expect(detail.differences).toHaveLength(6);
    expect(detail.sequence.map(({ n }) => n)).toEqual([2, 3, 4, 5, 6]);
    expect(detail.text).toContain("9. Verdict");
    const turned = await json<PairDetail>(address(other, one));
    expect(turned.differences.map(({ difference }) => -difference)).toEqual(
      detail.differences.map(({ difference }) => difference),
    );
    expect((await refusal(address("nobody", one)))[0]).toBe(404);
  });

  test("importance and Pareto front", async () => {
    const { rows } = await json<Importance>("api/importance?result=test_loss&where=id+%3C%3D+12");
    expect(rows.map(({ option }) => option)).toEqual(["width"]);
    const { points } = await json<Pareto>("api/pareto?x=nb_params&y=test_loss");
    expect(points.map(({ isOnFront, x }) => [x.mean, isOnFront])).toEqual([
      [40, true],
      [80, true],
      [160, true],
    ]);
  });

  test("failures are gathered, and a run tells of itself", async () => {
    const { groups } = await json<Failures>("api/failures");
    expect(groups.map(({ count, runs }) => [count, runs])).toEqual([[2, [13, 14]]]);
    const run = await json<RunDetail>("api/run/3");
    expect(run).toMatchObject({ id: 3, status: "done", logBytes: null, hasModel: false, nearest: { run: 9 } });
    expect(run.results.find(({ name }) => name === "test_loss")?.value).toBe(0.25 + 0.001 * ((2 * 7) % 5));
    expect((await refusal("api/run/99"))[1].message).toContain("there is no run 99");
    expect((await refusal("api/log/3"))[0]).toBe(404);
  });

  test("curves of runs without epochs are none", async () => {
    const curves = decodeCurves(await (await get("api/curves?x=epoch&pixels=100")).arrayBuffer());
    expect([curves.lines, curves.runs]).toEqual([[], 18]);
  });

  test("a long question goes as the body of a POST", async () => {
    const body = new URLSearchParams({
      by: "status",
      results: "test_loss",
      ids: Array.from({ length: 3000 }, (_, index) => 2 * index + 1).join(","),
    });
    const response = await get("api/groups", { cookie }, { method: "POST", body });
    const { groups }: Groups = JSON.parse(await response.text());
    expect(groups.map(({ runs }) => runs)).toEqual([8, 1]);
  });
});

describe("lets nobody in", () => {
  test("without the token, which becomes a cookie of this page alone and leaves the address", async () => {
    for (const path of ["api/experiment", "client/main.ts", "api/columns", "api/files/1-0"])
      expect((await get(path, {})).status).toBe(401);
    expect((await get("", {})).status).toBe(401);
    expect((await get("?token=guessed", {})).status).toBe(401);
    expect((await get("api/experiment", { cookie: `${cookie.split("=")[0]}=guessed` })).status).toBe(401);
    const exchanged = await fetch(server.address, { redirect: "manual" });
    expect([exchanged.status, keyIn(exchanged)]).toEqual([303, key]);
    expect(exchanged.headers.get("set-cookie")).toMatch(/^mosaic-board-[0-9a-f]{8}=[\w-]{32}; HttpOnly; SameSite=Lax$/);
    expect((await get("")).status).toBe(200);
  });

  test("under a name that somebody else's page has let point here (DNS rebinding)", async () => {
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "localhost.evil.example",
      "[::1",
      "127.0.0.1:1@evil.example",
    ])
      expect([host, await statusFor("/api/experiment", { host })]).toEqual([host, 421]);
    for (const host of ["localhost", "localhost:9000", `127.0.0.1:${port}`, "[::1]:7", "hub.example"])
      expect([host, await statusFor("/api/experiment", { host })]).toEqual([host, 200]);
  });

  test("from another page, of another port of this machine too", async () => {
    const host = `localhost:${port}`;
    for (const origin of ["https://evil.example", "null", "http://localhost:3000", "file://"])
      expect([origin, await statusFor("/api/experiment", { host, origin })]).toEqual([origin, 403]);
    expect(
      await statusFor("/api/experiment", { host, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }),
    ).toBe(403);
    expect(await statusFor("/api/experiment", { host, origin: `http://${host}` })).toBe(200);
    expect(await statusFor("/api/experiment", { host: "127.0.0.1:8642", origin: "https://hub.example" })).toBe(200);
    for (const method of ["PUT", "DELETE", "OPTIONS", "TRACE"])
      expect(await statusFor("/api/experiment", { host }, method)).toBe(405);
  });

  test("to other files than the page's and those of the table of artifacts", async () => {
    for (const path of [
      ...[
        "/client/../server/board-server.ts",
        "/client/..%2fserver/board-server.ts",
        "/client/%2e%2e/index.ts",
        "/wire/../../package.json",
      ],
      ...[
        "/server/board-server.ts",
        "/etc/passwd",
        "//etc/passwd",
        "/client/main.ts%00.css",
        "/client",
        "/d1/",
        "/api/files/..%2f..%2for.db",
      ],
      ...[
        "/api/files/1-00000000000000000000000000000000",
        "/api/constructor",
        "/api/__proto__",
        "/api/run/..",
        "/d0/../../x",
      ],
    ])
      expect([path, await statusFor(path, {})]).toEqual([path, 404]);
  });

  test("to control, where nobody has allowed it", async () => {
    const response = await get(
      "api/control/stop",
      { cookie, "content-type": "application/json", origin: `http://127.0.0.1:${port}` },
      { method: "POST", body: "{}" },
    );
    expect(response.status).toBe(403);
  });

  test("with questions that never end, or are too long", async () => {
    expect((await get("api/groups", { cookie }, { method: "POST", body: "x".repeat(2 ** 20 + 1) })).status).toBe(413);
    expect((await get(`api/groups?where=${"x".repeat(20_000)}`)).status).toBe(431);
    expect((await refusal(`api/groups?by=status&results=test_loss&where=${"(".repeat(5000)}1`))[0]).toBe(400);
    expect((await refusal("api/curves?pixels=-1"))[0]).toBe(400);
    // What is asked for a hundred thousand times is sent once.
    const names = await get("api/columns", { cookie }, { method: "POST", body: "names=id&".repeat(100_000) });
    expect(decodeColumns(await names.arrayBuffer()).columns).toHaveLength(1);
  });

  test("with what is no address, no HTTP, or for another server", async () => {
    const host = "Host: localhost\r\nConnection: close\r\n";
    for (const said of [
      `GET // HTTP/1.1\r\n${host}`,
      `GET http://[ HTTP/1.1\r\n${host}`,
      `GET /%zz/ HTTP/1.1\r\n${host}`,
      `GET http://evil.example/api/experiment HTTP/1.1\r\n${host}`,
      "GET /api/experiment HTTP/1.1\r\n",
      "GET /api/experiment HTTP/1.0\r\n",
      `GET /api/experiment HTTP/1.1\r\n${host}Host: evil.example\r\n`,
      `GET /api/experiment HTTP/1.1\r\nHost: evil.example\r\n${host}`,
      `GET /api/experiment\r\nX: 1 HTTP/1.1\r\n${host}`,
      `POST /api/groups HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n`,
    ])
      expect([said, await statusOfRaw(`${said}\r\n`)]).toEqual([said, expect.stringMatching(/^4\d\d$/)]);
    for (const said of [
      `CONNECT evil.example:443 HTTP/1.1\r\n${host}`,
      `GET / HTTP/1.1\r\n${host}Upgrade: websocket\r\n`,
    ])
      expect([said, await statusOfRaw(`${said}\r\n`)]).toEqual([said, expect.stringMatching(/^(|401)$/)]);
  });

  test("by the cookie of another board of this machine, and the token is found by no guess that is close", async () => {
    const [name = "", token = ""] = cookie.split("=");
    for (const other of [
      `mosaic-board-00000000=${token}`,
      `${name}=${token}x`,
      `${name}=${new URL(server.address).searchParams.get("token")}`,
      `${name}=${token.slice(1)}`,
      `x${cookie}`,
      `${name}=`,
    ])
      expect([other, (await get("api/experiment", { cookie: other })).status]).toEqual([other, 401]);
    expect((await get("api/experiment", { cookie: `theme=dark; ${cookie}; ${name}x=1` })).status).toBe(200);
  });

  test("who has the cookie alone, as every server of this machine that the browser asks has it", async () => {
    for (const path of ["api/experiment", "api/columns", "api/changes", "api/files/1-0", "api/run/1", "api/log/1"])
      for (const other of ["", "guessed", cookie.split("=")[1] ?? ""])
        expect([path, (await get(path, { cookie, "mosaic-board-key": other })).status]).toEqual([path, 401]);
    // What a browser asks for by itself has no headers.
    const asked = await get(`api/experiment?key=${key}`, { cookie, "mosaic-board-key": "" });
    expect(asked.status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${port}/api/experiment?key=${key}`, { headers: { cookie } })).status).toBe(
      200,
    );
    expect((await fetch(`http://127.0.0.1:${port}/api/experiment?key=${key}`)).status).toBe(401);
  });
});

describe("what it sends", () => {
  test("runs no script but the page's own, and is no page of another kind", async () => {
    const page = await get("");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const text = await page.text();
    expect(text).not.toMatch(/https?:|<script(?! type="(?:importmap|module)")|\son\w+=/);
    for (const path of ["api/experiment", "api/run/13", "client/main.ts", "api/run/nobody"]) {
      const { headers } = await get(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("sandbox");
      expect(headers.get("content-type")).not.toContain("html");
    }
  });

  test("names are data, whatever they look like", async () => {
    const { ranking } = await json<Verdicts>("api/verdicts");
    expect(ranking.some(({ name }) => name.includes(evil))).toBe(true);
    expect(await (await get("")).text()).not.toContain("onerror");
  });

  test("the page's modules come without types, and libraries by the import map", async () => {
    const text = await (await get("")).text();
    const [, map = "{}"] = /<script type="importmap">(.*)<\/script>/.exec(text) ?? [];
    const { imports }: { imports: Record<string, string> } = JSON.parse(map);
    const styles = Array.from(text.matchAll(/rel="stylesheet" href="\.\/([^"]+)"/g), ([, address = ""]) => address);
    const known = Array.from(text.matchAll(/rel="modulepreload" href="\.\/([^"]+)"/g), ([, address = ""]) => address);
    expect(known).toContain("client/main.ts");
    for (const address of [...Object.values(imports), ...known, ...styles]) {
      const response = await get(address);
      expect([address, response.status]).toEqual([address, 200]);
      expect(response.headers.get("content-type")).toMatch(/^text\/(javascript|css)/);
    }
  });
});

test("a connection that says nothing is ended, and does not hold up others", async () => {
  const slow = connect(port, "127.0.0.1");
  slow.write("GET /api/experiment HTTP/1.1\r\nHost: localhost\r\n");
  const begun = performance.now();
  const ended = new Promise<number>((resolve) => slow.once("close", () => resolve(performance.now() - begun)));
  slow.resume();
  expect((await get("api/experiment")).status).toBe(200);
  expect(await ended).toBeLessThan(20_000);
});

test("an export is one file, with the answers in it and no address of another one", async () => {
  const file = join(folder, "report.html");
  const { bytes, notes } = await exportBoard(join(folder, "or.db"), file);
  const text = await readFile(file, "utf8");
  expect(bytes).toBe(Buffer.byteLength(text));
  expect(notes[0]).toContain("from or.db");
  const block = (name: string) => {
    const [, base64 = ""] = new RegExp(`id="block:${name}">([^<]*)<`).exec(text) ?? [];
    return inflateRawSync(Buffer.from(base64, "base64"));
  };
  const info: ExperimentInfo = JSON.parse(block("experiment").toString());
  expect([info.isLive, info.runs]).toEqual([false, 18]);
  const verdicts: Verdicts = JSON.parse(block("verdicts:test_loss").toString());
  expect(verdicts).toEqual(await json<Verdicts>("api/verdicts?result=test_loss"));
  const all = Uint8Array.from(block("columns"));
  expect(decodeColumns(all.buffer).columns).toEqual((await columns("api/columns")).columns);
  const details: Record<string, RunDetail> = JSON.parse(block("runs").toString());
  expect(Object.keys(details)).toHaveLength(18);
  // Names are in compressed blocks alone, and nothing is loaded from anywhere.
  expect(text).not.toContain("onerror");
  expect(text.match(/(?:src|href)="(?!data:)[^"]*"/g)).toBeNull();
  expect(text.match(/<script(?![^>]*type="(?:importmap|module|application\/octet-stream;base64)")/g)).toBeNull();
});

describe("with --control", () => {
  let controlled: BoardServer;
  let own: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const { boardOrders } = await import("../../../mosaic/src/board/board-orders.ts");
    const databases = [join(folder, "or.db")];
    const settings = { databases, host: "127.0.0.1", port: 0, allowHosts: [], hasToken: true };
    controlled = await startBoardServer({ ...settings, controls: boardOrders });
    const response = await fetch(controlled.address, { redirect: "manual" });
    own = {
      "mosaic-board-key": keyIn(response),
      cookie: response.headers.get("set-cookie")?.split(";")[0] ?? "",
      origin: new URL(controlled.address).origin.replace("localhost", "127.0.0.1"),
    };
  });
  afterAll(() => controlled.close());

  async function order(path: string, headers: Readonly<Record<string, string>>, method = "POST") {
    const { port: ownPort } = new URL(controlled.address);
    const body = method === "POST" ? { body: "ids=1" } : {};
    const response = await fetch(`http://127.0.0.1:${ownPort}/api/${path}`, { method, headers, ...body });
    return [response.status, await response.text()] as const;
  }

  test("an order, and running a model, takes POST, the token and the page itself", async () => {
    const { cookie: ownCookie = "", origin = "", "mosaic-board-key": ownKey = "" } = own;
    const named = { cookie: ownCookie, "mosaic-board-key": ownKey };
    for (const path of ["control/stop", "predict/1"]) {
      const statuses = [
        await order(path, { ...named, origin }, "GET"),
        await order(path, { origin }),
        await order(path, { cookie: ownCookie, origin }),
        await order(path, named),
        await order(path, { ...named, origin: "https://evil.example" }),
        await order(path, { ...named, origin: "http://127.0.0.1:1" }),
        await order(path, { ...named, origin, "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" }),
      ].map(([status]) => status);
      expect([path, ...statuses]).toEqual([path, 405, 401, 401, 403, 403, 403, 403]);
    }
  });

  test("what cannot be done is said, before and instead of doing it", async () => {
    for (const path of ["stop", "pause", "resume", "rerun", "remove"]) {
      const [status, text] = await order(`control/${path}`, own);
      expect([path, status, JSON.parse(text).isPossible]).toEqual([path, 200, false]);
      expect(await order(`control/plan?action=${path}`, own, "GET")).toEqual([status, text]);
    }
  });
});

test("databases of every schema and of the original Mosaic open, each with an address of its own", async () => {
  const fixtures = join(import.meta.dirname, "..", "..", "..", "mosaic", "fixtures");
  const names = (await readdir(fixtures)).filter((name) => name.endsWith(".db"));
  expect(names.length).toBeGreaterThan(9);
  for (const name of names) await copyFile(join(fixtures, name), join(folder, name));
  const databases = names.map((name) => join(folder, name));
  const old = await startBoardServer({ databases, host: "127.0.0.1", port: 0, allowHosts: [], hasToken: false });
  for (const [index, name] of names.entries()) {
    const at = index === 0 ? "" : `d${index}/`;
    for (const path of [
      "api/experiment",
      "api/columns",
      "api/failures",
      "api/groups?by=status&results=test_loss",
      "api/run/1",
    ])
      expect([name, path, (await fetch(`${old.address}${at}${path}`)).status]).toEqual([name, path, 200]);
  }
  await old.close();
});
