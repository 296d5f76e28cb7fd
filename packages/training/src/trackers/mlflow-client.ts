/**
 * The part of MLflow's REST API that a run needs.
 *
 * Source: https://mlflow.org/docs/latest/rest-api.html, version 2.0 of the API.
 */

export interface MlflowMetric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface MlflowEntry {
  readonly key: string;
  readonly value: string;
}

export type MlflowStatus = "RUNNING" | "FINISHED" | "FAILED" | "KILLED";

/** The server said no, or something that is no answer. Asking again would not help. */
export class MlflowRefusal extends Error {
  override readonly name = "MlflowRefusal";
  readonly errorCode: string;

  constructor(errorCode: string, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

const requestMilliseconds = 5_000;
// The documented limits of log-batch.
const mostMetrics = 1000;
const mostParams = 100;
const longestKey = 250;
const longestValue = 250;

/** Calls fail with the network's error, an `MlflowRefusal`, or after five seconds. */
export class MlflowClient {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param uri of the server; MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD, of the environment are sent to it */
  constructor(uri: string, environment: NodeJS.ProcessEnv = process.env) {
    this.#base = `${uri.replace(/\/+$/, "")}/api/2.0/mlflow`;
    this.#headers = { "content-type": "application/json", ...authorization(environment) };
  }

  /** The id of the experiment of this name, which is made where there is none. */
  async experimentId(name: string): Promise<string> {
    try {
      return textAt(
        await this.#call("GET", `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`),
        "experiment",
        "experiment_id",
      );
    } catch (error) {
      if (!(error instanceof MlflowRefusal) || error.errorCode !== "RESOURCE_DOES_NOT_EXIST") throw error;
      return textAt(await this.#call("POST", "experiments/create", { name }), "experiment_id");
    }
  }

  /** @returns the id of the new run */
  async createRun(experimentId: string, runName: string, startTime: number): Promise<string> {
    const body = {
      experiment_id: experimentId,
      run_name: runName,
      start_time: startTime,
      tags: [{ key: "mlflow.runName", value: runName }],
    };
    return textAt(await this.#call("POST", "runs/create", body), "run", "info", "run_id");
  }

  async logMetrics(runId: string, metrics: readonly MlflowMetric[]): Promise<void> {
    const written = metrics.map(({ key, value, ...rest }) => ({
      key: entryKey(key),
      value: jsonDouble(value),
      ...rest,
    }));
    for (let start = 0; start < written.length; start += mostMetrics)
      await this.#call("POST", "runs/log-batch", { run_id: runId, metrics: written.slice(start, start + mostMetrics) });
  }

  /** Values beyond what every server takes are cut. */
  async logParams(runId: string, params: readonly MlflowEntry[]): Promise<void> {
    const written = params.map(({ key, value }) => ({ key: entryKey(key), value: value.slice(0, longestValue) }));
    for (let start = 0; start < written.length; start += mostParams)
      await this.#call("POST", "runs/log-batch", { run_id: runId, params: written.slice(start, start + mostParams) });
  }

  async updateRun(runId: string, status: MlflowStatus, endTime?: number): Promise<void> {
    const end = endTime === undefined ? {} : { end_time: endTime };
    await this.#call("POST", "runs/update", { run_id: runId, status, ...end });
  }

  async #call(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> {
    const [endpoint = path] = path.split("?");
    const response = await fetch(`${this.#base}/${path}`, {
      method,
      headers: this.#headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(requestMilliseconds),
    });
    const text = await response.text();
    // A server that is starting, restarting or overwhelmed is worth another try.
    if (response.status >= 500 || response.status === 429)
      throw new Error(`${endpoint} was answered with ${response.status}: ${text.slice(0, 200)}`);
    const answer = parse(text);
    if (response.ok && answer !== undefined) return answer;
    const { error_code: code = String(response.status), message = text.slice(0, 200) }: Record<string, unknown> =
      Object(answer);
    throw new MlflowRefusal(String(code), `${endpoint} was refused: ${String(code)}: ${String(message)}`);
  }
}

function authorization(environment: NodeJS.ProcessEnv): Record<string, string> {
  const {
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_USERNAME: user,
    MLFLOW_TRACKING_PASSWORD: password,
  } = environment;
  if (user !== undefined && password !== undefined)
    return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Keys may have letters, digits, `_`, `-`, `.`, `/` and spaces. */
function entryKey(key: string): string {
  return key.replaceAll(/[^\w\-. /]/g, "_").slice(0, longestKey);
}

/** JSON has no NaN and no infinity; the JSON form of protocol buffers has them as text. */
function jsonDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function textAt(answer: unknown, ...path: readonly string[]): string {
  const found = path.reduce<unknown>((part, name) => Reflect.get(Object(part), name), answer);
  if (typeof found === "string" && found !== "") return found;
  throw new MlflowRefusal("BAD_ANSWER", `the server's answer has no ${path.join(".")}; is it an MLflow server?`);
}
