/**
 * A small server that behaves as MLflow's tracking server does according to its documentation (REST API 2.0 and the
 * limits of mlflow/utils/validation.py), and remembers what it was told. Not MLflow itself.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface MlflowRun {
  readonly experiment: string;
  readonly run_name: string;
  readonly start_time: number;
  status: string;
  end_time: number | undefined;
  readonly tags: Map<string, string>;
  readonly params: Map<string, string>;
  readonly metrics: Record<string, unknown>[];
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const invalid = (message: string) => new Refusal(400, "INVALID_PARAMETER_VALUE", message);
const missing = (message: string) => new Refusal(404, "RESOURCE_DOES_NOT_EXIST", message);

export class MlflowServer {
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
  }[] = [];
  readonly runs = new Map<string, MlflowRun>();
  readonly experiments = new Map<string, string>([["Default", "0"]]);
  /** Answers with this status, as long as it is set, instead of doing anything. */
  broken: number | undefined;
  #server: Server | undefined;

  /** @param port 0 for any */
  async open(port = 0): Promise<string> {
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return this.uri;
  }

  get uri(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    const address: AddressInfo | string | null | undefined = this.#server?.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const { pathname, searchParams } = new URL(url, "http://localhost");
    this.requests.push({ method, path: pathname, headers: request.headers });
    let text = "";
    for await (const part of request) text += String(part);
    const send = (status: number, answer: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    };
    if (this.broken !== undefined)
      return send(this.broken, { error_code: "TEMPORARILY_UNAVAILABLE", message: "later" });
    try {
      const prefix = "/api/2.0/mlflow/";
      if (!pathname.startsWith(prefix)) throw new Refusal(404, "ENDPOINT_NOT_FOUND", pathname);
      if (text.length > 1e6) throw invalid("request of more than 1 MB");
      if (method === "POST" && !String(request.headers["content-type"]).startsWith("application/json"))
        throw new Refusal(400, "BAD_REQUEST", "content-type must be application/json");
      const body: unknown = method === "POST" ? JSON.parse(text) : Object.fromEntries(searchParams);
      send(200, this.#call(`${method} ${pathname.slice(prefix.length)}`, body));
    } catch (error) {
      if (!(error instanceof Refusal)) return send(500, { error_code: "INTERNAL_ERROR", message: String(error) });
      send(error.status, { error_code: error.code, message: error.message });
    }
  }

  #call(endpoint: string, body: unknown): unknown {
    switch (endpoint) {
      case "GET experiments/get-by-name": {
        const { experiment_name: name } = known(body, ["experiment_name"]);
        const id = this.experiments.get(textOf("experiment_name", name));
        if (id === undefined) throw missing(`No experiment ${String(name)}`);
        return { experiment: { experiment_id: id, name } };
      }
      case "POST experiments/create": {
        const { name } = known(body, ["name", "artifact_location", "tags"]);
        const text = textOf("name", name);
        if (this.experiments.has(text)) throw new Refusal(400, "RESOURCE_ALREADY_EXISTS", text);
        const id = String(this.experiments.size);
        this.experiments.set(text, id);
        return { experiment_id: id };
      }
      case "POST runs/create":
        return this.#createRun(body);
      case "POST runs/log-batch":
        return this.#logBatch(body);
      case "POST runs/update":
        return this.#updateRun(body);
      default:
        throw new Refusal(404, "ENDPOINT_NOT_FOUND", endpoint);
    }
  }

  #createRun(body: unknown): unknown {
    const {
      experiment_id: experiment,
      run_name,
      start_time,
      tags = [],
    } = known(body, ["experiment_id", "user_id", "run_name", "start_time", "tags"]);
    const id = textOf("experiment_id", experiment);
    if (![...this.experiments.values()].includes(id)) throw missing(`No experiment ${id}`);
    const runId = randomUUID().replaceAll("-", "");
    this.runs.set(runId, {
      experiment: id,
      run_name: textOf("run_name", run_name),
      start_time: longOf("start_time", start_time),
      status: "RUNNING",
      end_time: undefined,
      tags: new Map(entriesOf("tags", tags, 100, 5000)),
      params: new Map(),
      metrics: [],
    });
    return { run: { info: { run_id: runId, run_uuid: runId, experiment_id: id, status: "RUNNING" }, data: {} } };
  }

  #logBatch(body: unknown): unknown {
    const { run_id, metrics = [], params = [], tags = [] } = known(body, ["run_id", "metrics", "params", "tags"]);
    const run = this.#runOf(run_id);
    const metricList = listOf("metrics", metrics, 1000).map((metric) => {
      const { key, value, timestamp, step } = known(metric, ["key", "value", "timestamp", "step"]);
      const isDouble = typeof value === "number" || ["NaN", "Infinity", "-Infinity"].includes(String(value));
      if (!isDouble) throw invalid(`Got invalid value ${String(value)} for metric ${String(key)}`);
      return { key: keyOf(key), value, timestamp: longOf("timestamp", timestamp), step: longOf("step", step) };
    });
    const paramList = entriesOf("params", params, 100, 250);
    const tagList = entriesOf("tags", tags, 100, 5000);
    if (metricList.length + paramList.length + tagList.length > 1000) throw invalid("more than 1000 entities");
    for (const [key, value] of paramList) {
      const before = run.params.get(key);
      if (before !== undefined && before !== value)
        throw invalid(`Changing param values is not allowed. Param with key='${key}' was already logged`);
      run.params.set(key, value);
    }
    run.metrics.push(...metricList);
    for (const [key, value] of tagList) run.tags.set(key, value);
    return {};
  }

  #updateRun(body: unknown): unknown {
    const { run_id, status, end_time } = known(body, ["run_id", "run_uuid", "status", "end_time", "run_name"]);
    const run = this.#runOf(run_id);
    const statuses = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
    if (status !== undefined) {
      if (!statuses.includes(String(status))) throw invalid(`Invalid value ${String(status)} for parameter 'status'`);
      run.status = String(status);
    }
    if (end_time !== undefined) run.end_time = longOf("end_time", end_time);
    return { run_info: { run_id, status: run.status } };
  }

  #runOf(id: unknown): MlflowRun {
    const run = this.runs.get(textOf("run_id", id));
    if (run === undefined) throw missing(`Run '${String(id)}' not found`);
    return run;
  }
}

function known<const Name extends string>(body: unknown, names: readonly Name[]): Partial<Record<Name, unknown>> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalid("not an object");
  const unknown = Object.keys(body).filter((name) => !names.some((each) => each === name));
  if (unknown.length > 0) throw invalid(`unknown fields ${unknown.join(", ")}`);
  const fields: Partial<Record<Name, unknown>> = {};
  for (const name of names) if (name in body) fields[name] = Reflect.get(body, name);
  return fields;
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== "string" || value === "") throw invalid(`Missing value for required parameter '${name}'`);
  return value;
}

function longOf(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw invalid(`${name} is no long: ${String(value)}`);
  return Number(value);
}

function listOf(name: string, value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`${name} is no list`);
  if (value.length > most) throw invalid(`at most ${most} ${name}`);
  return value;
}

function entriesOf(
  name: string,
  value: unknown,
  most: number,
  longest: number,
): readonly (readonly [string, string])[] {
  return listOf(name, value, most).map((entry) => {
    const { key, value: text } = known(entry, ["key", "value"]);
    if (typeof text !== "string" || text.length > longest) throw invalid(`value of ${String(key)} in ${name}`);
    return [keyOf(key), text];
  });
}

function keyOf(value: unknown): string {
  const key = textOf("key", value);
  const isPath = key.split("/").some((part) => part === "" || part === "." || part === "..");
  if (!/^[/\w.\- ]*$/.test(key) || isPath || key.length > 250) throw invalid(`Invalid name: '${key}'`);
  return key;
}
