/** Which columns the table has, and in which order. */
import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { Folded } from "../../parts/choice.ts";
import type { Board } from "../../state/board.ts";

export function ColumnChooser({ board, names }: { readonly board: Board; readonly names: readonly string[] }) {
  const [sought, setSought] = useState("");
  const all = [...board.columns.value.values()];
  const isSought = (text: string) => text.toLowerCase().includes(sought.toLowerCase());
  const choose = (columns: readonly string[] | null) => board.update({ columns });
  const move = (name: string, by: -1 | 1) => {
    const from = names.indexOf(name);
    const to = from + by;
    if (to < 0 || to >= names.length) return;
    const moved = names.filter((each) => each !== name);
    choose([...moved.slice(0, to), name, ...moved.slice(to)]);
  };
  const shown = names
    .flatMap((name) => board.columns.value.get(name) ?? [])
    .filter(({ name, title }) => isSought(name) || isSought(title));
  const hidden = all.filter(({ name, title }) => !names.includes(name) && (isSought(name) || isSought(title)));
  return html`<${Folded} class="many columns" label=${`Columns (${names.length} of ${all.length})`}>
    <div class="many-list">
      <input
        type="search"
        placeholder="Find a column"
        aria-label="Find a column"
        value=${sought}
        onInput=${(event: Event) => event.currentTarget instanceof HTMLInputElement && setSought(event.currentTarget.value)}
      />
      <p class="tools">
        <button type="button" onClick=${() => choose(null)}>Those that say something</button>
        <button type="button" onClick=${() => choose(all.map(({ name }) => name))}>All</button>
      </p>
      ${shown.map(
        ({ name, title, role }) => html`<div class="column-line" key=${name}>
          <label>
            <input type="checkbox" checked onChange=${() => choose(names.filter((each) => each !== name))} /> ${title} <small>${role}</small>
          </label>
          <button type="button" aria-label=${`Move ${title} to the left`} onClick=${() => move(name, -1)}>←</button>
          <button type="button" aria-label=${`Move ${title} to the right`} onClick=${() => move(name, 1)}>→</button>
        </div>`,
      )}
      ${hidden.map(
        ({ name, title, role }) => html`<div class="column-line" key=${name}>
          <label><input type="checkbox" checked=${false} onChange=${() => choose([...names, name])} /> ${title} <small>${role}</small></label>
        </div>`,
      )}
    </div>
  <//>`;
}
