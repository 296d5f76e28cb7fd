/** What the table shows, as CSV: the columns shown of all runs that match, or of those selected. */
import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { csvText } from "../../columns/csv.ts";
import { runsText } from "../../parts/number-text.ts";
import type { Board } from "../../state/board.ts";

export function CsvButtons({ board, names }: { readonly board: Board; readonly names: readonly string[] }) {
  const [said, setSaid] = useState("");
  const rows = board.chosenRows.value;
  const text = () =>
    csvText(
      names,
      Array.from(rows, (row) => names.map((name) => board.table.cell(name, row))),
    );
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid(`${runsText(rows.length)} copied.`);
    } catch {
      setSaid("The browser lets no page copy here: download instead.");
    }
  };
  const download = () => {
    const address = URL.createObjectURL(new Blob([text()], { type: "text/csv" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = "runs.csv";
    link.click();
    URL.revokeObjectURL(address);
  };
  // Before, only first rows may be there.
  const isWhole = names.every((name) => board.table.has(name));
  return html`<button type="button" disabled=${!isWhole} onClick=${copy}>Copy CSV</button>
    <button type="button" disabled=${!isWhole} onClick=${download}>Download CSV</button>
    <span role="status" class="note">${said}</span>`;
}
