/** The condition, the brushes, the grouping and the selection: under which all views stand. */
import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Board } from "../state/board.ts";
import type { Brush } from "../state/brush.ts";
import { type Completion, completionsAt, type KnownColumn } from "../state/completion.ts";
import { ManyChoice } from "./choice.ts";
import { numberText, runsText, wholeText } from "./number-text.ts";

export function FilterBar({ board }: { readonly board: Board }) {
  const { brushes, by, selection } = board.state.value;
  board.version.value;
  const matching = board.matching.value.length;
  const all = board.table.rows;
  const groupable = [...board.columns.value.values()].filter(({ role, varies }) => role !== "result" && varies);
  const selected = board.chosenRows.value.length;
  return html`<section class="filter" aria-label="Filter and grouping">
    <${ConditionInput} board=${board} />
    <${ManyChoice}
      label="Group by"
      values=${by}
      options=${groupable.map(({ name, title }) => ({ value: name, text: title }))}
      onChoose=${(names: readonly string[]) => board.update({ by: names }, "push")}
    />
    <p class="count" role="status" aria-live="polite">
      ${matching === all ? runsText(all) : `${wholeText(matching)} of ${runsText(all)}`}
    </p>
    ${brushes.map(
      (brush) => html`<${Chip}
        key=${brush.name}
        text=${brushWords(board, brush)}
        onRemove=${() => board.update({ brushes: board.state.peek().brushes.filter((each) => each !== brush) }, "push")}
      />`,
    )}
    ${by.map(
      (name) => html`<${Chip}
        key=${`by ${name}`}
        text=${`by ${board.title(name)}`}
        onRemove=${() => board.update({ by: by.filter((each) => each !== name) }, "push")}
      />`,
    )}
    ${
      selection !== "" &&
      html`<${Chip} text=${`${wholeText(selected)} selected`} onRemove=${() => board.update({ selection: "" }, "push")} />`
    }
  </section>`;
}

function Chip({ text, onRemove }: { readonly text: string; readonly onRemove: () => void }) {
  return html`<span class="chip">${text}<button type="button" aria-label=${`Remove ${text}`} onClick=${onRemove}>×</button></span>`;
}

function brushWords(board: Board, brush: Brush): string {
  const title = board.title(brush.name);
  if (brush.kind === "values") return `${title}: ${brush.values.join(", ")}`;
  return `${title}: ${numberText(brush.low)} to ${numberText(brush.high)}`;
}

/** A draft becomes the page's condition as soon as it is one; what is wrong with it is said until then. */
function ConditionInput({ board }: { readonly board: Board }) {
  const { where } = board.state.value;
  const [draft, setDraft] = useState(where);
  const [chosen, setChosen] = useState(-1);
  const [offers, setOffers] = useState<readonly Completion[]>([]);
  const input = useRef<HTMLInputElement>(null);
  const shown = useRef(where);
  const before = useRef(where);
  useEffect(() => {
    // Another address, as by the back button. What is typed meanwhile is newer than what this was called for.
    const latest = board.state.peek().where;
    if (latest !== shown.current) setDraft(latest);
    shown.current = latest;
  }, [where]);
  const offer = (text: string) => {
    const caret = input.current?.selectionStart ?? text.length;
    setOffers(completionsAt(text, caret, knownColumns(board)));
    setChosen(-1);
  };
  const write = (text: string) => {
    setDraft(text);
    shown.current = text;
    board.update({ where: text });
    offer(text);
  };
  const complete = ({ text, from, to }: Completion) => {
    const spaced = text.endsWith("(") ? text : `${text} `;
    write(`${draft.slice(0, from)}${spaced}${draft.slice(to).trimStart()}`);
    input.current?.focus();
  };
  const settle = () => {
    setOffers([]);
    // One step back for all that was typed at a time.
    if (before.current !== draft) {
      board.update({ where: before.current });
      board.update({ where: draft }, "push");
    }
    before.current = draft;
  };
  const press = (event: KeyboardEvent) => {
    const offered = offers[chosen];
    if (event.key === "ArrowDown" && offers.length > 0) setChosen((chosen + 1) % offers.length);
    else if (event.key === "ArrowUp" && offers.length > 0) setChosen((chosen + offers.length) % (offers.length + 1));
    else if ((event.key === "Enter" || event.key === "Tab") && offered !== undefined) complete(offered);
    else if (event.key === "Tab" && offers[0] !== undefined && draft !== "" && !event.shiftKey) complete(offers[0]);
    else if (event.key === "Enter") settle();
    else if (event.key === "Escape") {
      setOffers([]);
      input.current?.blur();
      return;
    } else return;
    event.preventDefault();
  };
  const { fault } = board.condition.value;
  return html`<div class="condition">
    <input
      ref=${input}
      id="filter"
      type="text"
      role="combobox"
      spellcheck=${false}
      autocomplete="off"
      placeholder="Filter, as in lr > 0.01 and status = done"
      aria-label="Filter runs by a condition"
      aria-expanded=${offers.length > 0}
      aria-controls="completions"
      aria-autocomplete="list"
      aria-activedescendant=${chosen >= 0 ? `completion-${chosen}` : undefined}
      aria-invalid=${fault !== undefined}
      aria-describedby=${fault === undefined ? undefined : "filter-fault"}
      value=${draft}
      onInput=${(event: Event) => event.currentTarget instanceof HTMLInputElement && write(event.currentTarget.value)}
      onFocus=${() => {
        before.current = where;
        offer(draft);
      }}
      onBlur=${settle}
      onKeyDown=${press}
    />
    ${
      offers.length > 0 &&
      html`<ul id="completions" role="listbox" class="completions" aria-label="Completions">
        ${offers.map(
          (each, index) => html`<li
            key=${each.text}
            id=${`completion-${index}`}
            role="option"
            aria-selected=${index === chosen}
            onMouseDown=${(event: Event) => {
              event.preventDefault();
              complete(each);
            }}
          >
            <span>${each.text}</span><small>${each.note}</small>
          </li>`,
        )}
      </ul>`
    }
    ${fault !== undefined && html`<p id="filter-fault" class="fault" role="alert">${fault.message} ${fault.remedy} All runs are shown.</p>`}
  </div>`;
}

const mostValues = 200;

function knownColumns(board: Board): readonly KnownColumn[] {
  return [...board.columns.peek().values()].map(({ name, role, unit }) => ({
    name,
    note: unit === undefined ? role : `${role}, ${unit}`,
    values: () => {
      board.need([name]);
      const column = board.table.column(name);
      if (column?.kind === "text") return column.texts.slice(0, mostValues);
      const values = new Set<number>();
      for (let row = 0; row < board.table.rows && values.size <= 50; row += 1)
        values.add(board.table.number(name, row));
      return values.size > 50
        ? []
        : [...values]
            .filter((value) => !Number.isNaN(value))
            .sort((a, b) => a - b)
            .map(String);
    },
  }));
}
