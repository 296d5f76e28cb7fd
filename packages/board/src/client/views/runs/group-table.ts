/** Runs by group: how many there are, how many failed, and the mean of each result with its interval. */
import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import type { Groups } from "../../../wire/answers.ts";
import { Answered, Message, useAnswer } from "../../parts/answer.ts";
import { ManyChoice } from "../../parts/choice.ts";
import { cellText, numberText, wholeText } from "../../parts/number-text.ts";
import type { Board } from "../../state/board.ts";
import { equalCondition, whereOf } from "../../state/brush.ts";

/** Those in view are there at once, the others right after. */
const firstShown = 50;
const mostShown = 500;

export function GroupTable({ board }: { readonly board: Board }) {
  const { by } = board.state.value;
  const results = [...board.columns.value.values()].filter(({ role }) => role === "result");
  const [shown, setShown] = useState<readonly string[]>([board.result.value]);
  const [order, setOrder] = useState({ place: -1, isDescending: false });
  const [most, setMost] = useState(firstShown);
  const { where, ids } = board.chosen.value;
  const key = JSON.stringify([where, ids, by, shown]);
  const answer = useAnswer(key, () => board.source.groups({ where, ids }, by, shown), board.slowVersion.value);
  const isThere = answer.value !== undefined;
  useEffect(() => {
    const timer = isThere ? setTimeout(() => setMost(mostShown), 0) : undefined;
    return () => clearTimeout(timer);
  }, [isThere]);
  const sortBy = (place: number) => setOrder({ place, isDescending: order.place === place && !order.isDescending });
  const head = (place: number, text: string) => html`<th
    scope="col"
    aria-sort=${order.place === place ? (order.isDescending ? "descending" : "ascending") : "none"}
  >
    <button type="button" class="sort" onClick=${() => sortBy(place)}>${text} ${order.place === place ? (order.isDescending ? "↓" : "↑") : ""}</button>
  </th>`;
  const open = (values: Groups["groups"][number]["values"]) => {
    const { where: typed, brushes } = board.state.peek();
    const conditions = values.map((value, place) => equalCondition(by[place] ?? "", value));
    const base = whereOf(typed, []);
    const joined = base === "" ? conditions : [`(${base})`, ...conditions];
    board.update({ where: joined.join(" and "), brushes, by: [] }, "push");
  };
  const table = (groups: Groups) => {
    if (groups.groups.length === 0) return html`<${Message}>No run meets the filter.<//>`;
    const sorted = sortedGroups(groups, order);
    return html`<p class="note">
        ${groups.groups.length === 1 ? "1 group" : `${wholeText(groups.groups.length)} groups`}. Means with the ${groups.interval}. A group opens as its runs.
        ${sorted.length > mostShown ? ` The first ${mostShown} are shown: narrow the filter down, or sort.` : ""}
      </p>
      <div class="scrolling" tabindex="0" role="region" aria-label="Groups">
        <table class="plain">
          <thead>
            <tr>
              ${by.map((name, place) => head(place, board.title(name)))} ${head(by.length, "runs")} ${head(by.length + 1, "failed")}
              ${groups.results.map((name, place) => head(by.length + 2 + place, board.title(name)))}
            </tr>
          </thead>
          <tbody>
            ${sorted.slice(0, most).map(
              ({ values, runs, failed, estimates }) => html`<tr key=${JSON.stringify(values)}>
                ${values.map((value, place) =>
                  place === 0
                    ? html`<td><button type="button" class="link" onClick=${() => open(values)}>${value === null ? "none" : cellText(value)}</button></td>`
                    : html`<td>${value === null ? "none" : cellText(value)}</td>`,
                )}
                <td class="is-number">${wholeText(runs)}</td>
                <td class=${failed > 0 ? "is-number is-worse" : "is-number"}>${wholeText(failed)}</td>
                ${estimates.map(
                  ({
                    mean,
                    low,
                    high,
                    n,
                  }) => html`<td class="is-number" data-value=${mean ?? ""} title=${mean === null ? undefined : `${mean}, from ${low} to ${high}, n = ${n}`}>
                    ${mean === null ? html`<span class="nothing">–</span>` : numberText(mean)}
                    <small>${low === null || high === null ? ` n = ${n}` : ` [${numberText(low)}, ${numberText(high)}] n = ${n}`}</small>
                  </td>`,
                )}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  };
  return html`<div class="tools">
      <${ManyChoice}
        label="Results"
        values=${shown}
        options=${results.map(({ name, title }) => ({ value: name, text: title }))}
        onChoose=${setShown}
      />
    </div>
    <${Answered} answer=${answer} what="the groups" show=${table} />`;
}

function sortedGroups({ by, groups }: Groups, { place, isDescending }: { place: number; isDescending: boolean }) {
  if (place < 0) return groups;
  const keyOf = ({ values, runs, failed, estimates }: Groups["groups"][number]) =>
    place < by.length
      ? (values[place] ?? null)
      : place === by.length
        ? runs
        : place === by.length + 1
          ? failed
          : (estimates[place - by.length - 2]?.mean ?? null);
  const words = new Intl.Collator("en", { numeric: true });
  const sign = isDescending ? -1 : 1;
  return [...groups].sort((one, other) => {
    const [a, b] = [keyOf(one), keyOf(other)];
    // What is missing is last in either direction.
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : words.compare(String(a), String(b)));
  });
}
