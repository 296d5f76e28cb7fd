/** Data from the server that has sent the page. Addresses are relative to the page's, wherever a proxy puts it. */
import type { Refusal } from "../../wire/answers.ts";
import type { Change } from "../../wire/changes.ts";
import { decodeColumns } from "../../wire/columns.ts";
import { decodeCurves } from "../../wire/curves.ts";
import { decodePlane } from "../../wire/maps.ts";
import { takePageKey } from "./page-key.ts";
import { type ChangeListener, type Chosen, LostError, RefusedError, type Source } from "./source.ts";

type Parameters = readonly (readonly [name: string, value: string])[];

let key = "";

/** Longer ones go into the body: servers and proxies limit addresses. */
const longestQuery = 4000;

export function serverSource(): Source {
  key = takePageKey();
  return {
    experiment: () => json("api/experiment"),
    columns: async (names, first) =>
      decodeColumns(
        await bytes("api/columns", [
          ...each("names", names),
          ...(first === undefined ? [] : [["first", String(first)] as const]),
        ]),
      ),
    curves: async ({ ids = "", where = "", by = [], series, x, pixels, most }) =>
      decodeCurves(
        await bytes("api/curves", [
          ...chosenParameters({ where, ids }),
          ...each("by", by),
          ...each("series", series),
          ["x", x],
          ["pixels", String(pixels)],
          ...(most === undefined ? [] : [["most", String(most)] as const]),
        ]),
      ),
    groups: (chosen, by, results) =>
      json("api/groups", [...chosenParameters(chosen), ...each("by", by), ...each("results", results)]),
    verdicts: (chosen, result, data) =>
      json("api/verdicts", [...chosenParameters(chosen), ["result", result], ...optional("data", data)]),
    pair: (chosen, result, data, one, other) =>
      json("api/pair", [
        ...chosenParameters(chosen),
        ["result", result],
        ...optional("data", data),
        ["one", one],
        ["other", other],
      ]),
    importance: (chosen, result) => json("api/importance", [...chosenParameters(chosen), ["result", result]]),
    pareto: (chosen, x, y) => json("api/pareto", [...chosenParameters(chosen), ["x", x], ["y", y]]),
    failures: (chosen) => json("api/failures", chosenParameters(chosen)),
    run: (id) => json(`api/run/${id}`),
    log: (id, from) => json(`api/log/${id}`, [["from", String(from)]]),
    model: (id) => json(`api/model/${id}`),
    predict: async (id, fields) =>
      answered(await asked(`api/predict/${id}`, { method: "POST", body: new URLSearchParams(fields) })),
    maps: () => json("api/maps"),
    map: async (id) => decodePlane(await bytes(`api/map/${encodeURIComponent(id)}`, [])),
    fileAddress: (artifactId) => `api/files/${encodeURIComponent(artifactId)}?key=${key}`,
    plan: (action, ids) =>
      json("api/control/plan", [
        ["action", action],
        ["ids", ids],
      ]),
    control: async (action, ids) => {
      const response = await asked(`api/control/${action}`, { method: "POST", body: new URLSearchParams({ ids }) });
      return response.json();
    },
    follow,
  };
}

function each(name: string, values: readonly string[]): Parameters {
  return values.map((value) => [name, value]);
}

function optional(name: string, value: string | null): Parameters {
  return value === null ? [] : [[name, value]];
}

function chosenParameters({ where, ids }: Chosen): Parameters {
  return [...(where === "" ? [] : each("where", [where])), ...(ids === "" ? [] : each("ids", [ids]))];
}

async function json<Answer>(path: string, parameters: Parameters = []): Promise<Answer> {
  return answered(await questioned(path, parameters));
}

async function answered<Answer>(response: Response): Promise<Answer> {
  const answer: Answer | Refusal = await response.json();
  if (isRefusal(answer)) throw new RefusedError(answer.problem);
  return answer;
}

/** That something cannot be said of the chosen runs is no failure, so that its status is none either. */
function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === "object" && answer !== null && "problem" in answer;
}

async function bytes(path: string, parameters: Parameters): Promise<ArrayBuffer> {
  return (await questioned(path, parameters)).arrayBuffer();
}

function questioned(path: string, parameters: Parameters): Promise<Response> {
  const query = new URLSearchParams(parameters.map(([name, value]) => [name, value]));
  const text = query.toString();
  if (text.length > longestQuery) return asked(path, { method: "POST", body: query });
  return asked(text === "" ? path : `${path}?${text}`, {});
}

async function asked(address: string, options: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { ...options, headers: { "mosaic-board-key": key } });
  } catch (error) {
    throw new LostError("The board's server does not answer.", { cause: error });
  }
  if (response.ok) return response;
  throw new RefusedError(await problemOf(response));
}

async function problemOf(response: Response): Promise<Refusal["problem"]> {
  const text = await response.text();
  try {
    const { problem }: Partial<Refusal> = JSON.parse(text);
    if (problem !== undefined) return problem;
  } catch {
    // A proxy may answer with a page of its own.
  }
  if (response.status === 401 || response.status === 403)
    return { message: "The board was started anew.", remedy: "Open the address that it has printed." };
  return { message: `The server answers ${response.status} ${response.statusText}.` };
}

const waits = { first: 500, most: 5000 } as const;

/** Server-sent events; once they break off, the server is looked for until it is found. */
function follow(cursor: string, listener: ChangeListener): () => void {
  let latest = cursor;
  let wait: number = waits.first;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let events: EventSource | undefined;
  const open = () => {
    events = new EventSource(`api/changes?since=${encodeURIComponent(latest)}&key=${key}`);
    events.onopen = () => {
      wait = waits.first;
      listener.connected(true);
    };
    events.onmessage = ({ data, lastEventId }: MessageEvent<string>) => {
      latest = lastEventId || latest;
      const change: Change = JSON.parse(data);
      listener.changed(change, latest);
    };
    events.onerror = () => {
      events?.close();
      listener.connected(false);
      timer = setTimeout(look, wait);
      wait = Math.min(waits.most, wait * 1.5);
    };
  };
  /** An event source does not tell a server that is gone from one that refuses. */
  const look = async () => {
    try {
      await asked("api/experiment", {});
    } catch (error) {
      if (error instanceof RefusedError) listener.connected(false, error.message);
      timer = setTimeout(look, wait);
      wait = Math.min(waits.most, wait * 1.5);
      return;
    }
    open();
  };
  open();
  return () => {
    events?.close();
    clearTimeout(timer);
  };
}
