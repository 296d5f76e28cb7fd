/** One run: what it was given, what it has reached, what it said. */
import { html } from "htm/preact";
import type { Fact, RunDetail } from "../../../wire/answers.ts";
import { Answered, Message, useAnswer } from "../../parts/answer.ts";
import { bytesText, cellText } from "../../parts/number-text.ts";
import { RunLink } from "../../parts/run-link.ts";
import { statusMark } from "../../parts/status-mark.ts";
import type { Board } from "../../state/board.ts";
import { RunControl } from "../control.ts";
import { LinePicture } from "../curves/line-picture.ts";
import { LogPanel } from "./log-panel.ts";
import { ModelPanel } from "./model-panel.ts";

export function RunView({ board }: { readonly board: Board }) {
  const { run } = board.state.value;
  board.version.value;
  const id = run ?? 0;
  if (board.table.rowOf(id) < 0) return html`<${Message}>There is no run ${id}.<//>`;
  return html`<${AnsweredRun} board=${board} id=${id} />`;
}

function AnsweredRun({ board, id }: { readonly board: Board; readonly id: number }) {
  // A component whose properties are the same is drawn anew for what it has read itself.
  board.version.value;
  const status = String(board.table.cell("status", board.table.rowOf(id)) ?? "");
  const answer = useAnswer(JSON.stringify([id, status]), () => board.source.run(id));
  return html`<${Answered} answer=${answer} what=${`run ${id}`} show=${(detail: RunDetail) => html`<${Detail} board=${board} detail=${detail} />`} />`;
}

function Detail({ board, detail }: { readonly board: Board; readonly detail: RunDetail }) {
  const {
    id,
    status,
    pipeline,
    facts,
    options,
    results,
    environment,
    error,
    tags,
    note,
    artifacts,
    nearest,
    logBytes,
    hasModel,
  } = detail;
  const last = board.table.rows === 0 ? 0 : board.table.id(board.table.rows - 1);
  const go = (run: number) => board.update({ run }, "push");
  const row = board.table.rowOf(id);
  // An export has no files.
  const isLive = board.experiment.value?.isLive ?? true;
  return html`<div class="tools">
      <h2>Run ${id}</h2>
      ${statusMark(board, status)}
      <button type="button" disabled=${row <= 0} onClick=${() => go(board.table.id(row - 1))}>← Before</button>
      <button type="button" disabled=${id >= last} onClick=${() => go(board.table.id(row + 1))}>Next →</button>
      <button type="button" onClick=${() => history.back()}>Back</button>
      <${RunControl} board=${board} ids=${String(id)} actions=${status === "done" || status === "error" ? ["rerun"] : []} />
    </div>
    <p class="pipeline">${pipeline}</p>
    ${tags.length > 0 && html`<p class="note">Tags: ${tags.join(", ")}</p>`} ${note !== null && html`<p class="note">Note: ${note}</p>`}
    ${error !== null && html`<section class="panel is-wide"><h3>Error</h3><pre class="log">${error}</pre></section>`}
    <div class="panels">
      <section class="panel">
        <h3>Results</h3>
        ${
          results.length === 0
            ? html`<p class="note">There are none yet.</p>`
            : html`<dl class="facts">
                ${results.map(
                  ({ name, title, value, unit }) => html`<dt key=${name}>${title}</dt>
                    <dd data-value=${value ?? ""} title=${value === null ? undefined : String(value)}>${value === null ? "–" : cellText(value)}${unit === undefined || value === null ? "" : ` ${unit}`}</dd>`,
                )}
              </dl>`
        }
      </section>
      <section class="panel">
        <h3>Options</h3>
        ${[...Map.groupBy(options, ({ section }) => section)].map(([section, facts]) => html`<h4 key=${section}>${section}</h4><${Facts} facts=${facts} />`)}
      </section>
      <section class="panel is-wide"><h3>Curves</h3><${RunCurves} board=${board} id=${id} status=${status} /></section>
      <section class="panel"><h3>About it</h3><${Facts} facts=${facts} /></section>
      ${
        nearest !== null &&
        html`<section class="panel">
          <h3>The same as <${RunLink} board=${board} run=${nearest.run} /> but for</h3>
          ${
            nearest.differences.length === 0
              ? html`<p class="note">nothing: its options are the same.</p>`
              : html`<table class="plain">
                  <thead><tr><th scope="col">option</th><th scope="col">run ${id}</th><th scope="col">run ${nearest.run}</th></tr></thead>
                  <tbody>
                    ${nearest.differences.map(({ name, mine, other }) => html`<tr key=${name}><td>${name}</td><td>${mine}</td><td>${other}</td></tr>`)}
                  </tbody>
                </table>`
          }
        </section>`
      }
      ${
        isLive &&
        html`<section class="panel">
        <h3>Files</h3>
        ${artifacts.length === 0 ? html`<p class="note">It has left none.</p>` : ""}
        <ul class="files">
          ${artifacts.map(({ id: artifact, name, kind, bytes }) => {
            const address = board.source.fileAddress(artifact);
            return html`<li key=${artifact}>
              ${address === undefined ? name : html`<a href=${address} download>${name}</a>`} <small>${kind}, ${bytesText(bytes)}</small>
            </li>`;
          })}
        </ul>
      </section>`
      }
      ${environment.length > 0 && html`<section class="panel"><h3>Environment</h3><${Facts} facts=${environment} /></section>`}
      ${logBytes !== null && html`<section class="panel is-wide"><h3>Log</h3><${LogPanel} key=${id} board=${board} id=${id} isRunning=${status === "running" && !board.isAbandoned.value} /></section>`}
      ${hasModel && html`<section class="panel is-wide"><h3>Model</h3><${ModelPanel} key=${id} board=${board} id=${id} /></section>`}
    </div>`;
}

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return html`<dl class="facts">${facts.map(({ name, value }) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function RunCurves({ board, id, status }: { readonly board: Board; readonly id: number; readonly status: string }) {
  const all = board.experiment.value?.series.map(({ name }) => name) ?? [];
  const losses = all.filter((name) => name.endsWith("loss"));
  const series = losses.length > 0 ? losses : all.slice(0, 2);
  return html`<${LinePicture} board=${board} query=${{ ids: String(id), series, x: "epoch", pixels: 600 }} isLogarithmic=${null} smoothing=${0} height=${260} refresh=${status} />`;
}
