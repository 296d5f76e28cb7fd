/** The table of runs: only rows in view are in the page, however many there are. */
import { computed, signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { idRanges } from "../../columns/id-ranges.ts";
import { RowOrders } from "../../columns/row-orders.ts";
import { pickedRows } from "../../columns/sort-rows.ts";
import { Message } from "../../parts/answer.ts";
import { columnText, differenceText, runsText, timeUnit } from "../../parts/number-text.ts";
import { statusMark } from "../../parts/status-mark.ts";
import type { Board } from "../../state/board.ts";
import { columnsInView, type PlacedColumn } from "./cells-in-view.ts";
import { columnWidth, type ShownColumn } from "./table-columns.ts";

const rowHeight = 30;
const headHeight = 34;
/** Rows beyond the edges, so that scrolling shows no gap. */
const beyond = 10;
const checkWidth = 40;
/** Pixels to the side after which other columns may be in view. */
const scrollStep = 100;

export function RunGrid({ board, names }: { readonly board: Board; readonly names: readonly string[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const top = useMemo(() => signal(0), []);
  const left = useMemo(() => signal(0), []);
  const size = useMemo(() => signal({ width: innerWidth, height: 600 }), []);
  /** Place of the row and of the column that the keyboard is at. */
  const active = useMemo(() => signal({ row: 0, column: 0 }), []);
  const lastPicked = useRef(-1);
  const orders = useMemo(() => new RowOrders(), [board]);
  const order = useMemo(() => rowsInOrder(board, orders), [board]);
  board.version.value;
  board.need(names);
  const isLoaded = names.every((name) => board.table.has(name));
  useOrdersAhead(board, orders, names, isLoaded);
  const isInView = names.every((name) => board.table.hasCell(name, 0));
  const columns = useMemo(
    () =>
      names.flatMap((name): ShownColumn[] => {
        const column = board.columns.value.get(name);
        return column === undefined ? [] : [{ ...column, width: columnWidth(column, board.table, order.peek()) }];
      }),
    [names.join("\n"), isInView, isLoaded, board.columns.value, Math.min(40, board.table.rows)],
  );
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const rows = order.value;
  const { baseline, sort } = board.state.value;
  const selection = board.selection.value;
  const baselineRow = baseline === null ? -1 : board.table.rowOf(baseline);
  const first = Math.max(0, Math.floor(top.value / rowHeight) - beyond);
  const last = Math.min(rows.length, Math.ceil((top.value + size.value.height) / rowHeight) + beyond);
  const width = columns.reduce((sum, column) => sum + column.width, checkWidth);
  const template = `${checkWidth}px ${columns.map((column) => `${column.width}px`).join(" ")}`;
  const visible = [...rows.subarray(first, last)];
  const part = { left: left.value, width: size.value.width };
  const isAlways = (place: number) => columns[place]?.name === "id" || place === active.value.column;
  const cells = columnsInView(columns, part, isAlways);

  const pick = (place: number, isRange: boolean) => {
    const chosen = new Set(selection);
    const from = isRange && lastPicked.current >= 0 ? lastPicked.current : place;
    const isOn = !chosen.has(board.table.id(rows[place] ?? 0));
    for (let each = Math.min(from, place); each <= Math.max(from, place); each += 1) {
      const id = board.table.id(rows[each] ?? 0);
      if (isOn) chosen.add(id);
      else chosen.delete(id);
    }
    lastPicked.current = place;
    board.update({ selection: idRanges(chosen) });
  };
  const sortBy = (name: string) => {
    const isSame = sort?.name === name;
    if (isSame && sort.isDescending) board.update({ sort: null }, "push");
    else board.update({ sort: { name, isDescending: isSame } }, "push");
  };
  const open = (row: number) => board.update({ view: "run", run: board.table.id(row) }, "push");
  const show = (place: number) => {
    const element = scroller.current;
    if (element === null) return;
    const at = place * rowHeight;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + rowHeight + headHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = at + rowHeight + headHeight - element.clientHeight;
  };
  const press = (event: KeyboardEvent) => {
    const { row, column } = active.value;
    const page = Math.max(1, Math.floor(size.value.height / rowHeight) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -row,
      End: rows.length,
    };
    const step = steps[event.key];
    const id = board.table.id(rows[row] ?? 0);
    if (step !== undefined) {
      const next = Math.max(0, Math.min(rows.length - 1, row + step));
      active.value = { row: next, column };
      show(next);
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const next = Math.max(0, Math.min(columns.length - 1, column + (event.key === "ArrowRight" ? 1 : -1)));
      active.value = { row, column: next };
      const element = scroller.current;
      const left = columns.slice(0, next).reduce((sum, each) => sum + each.width, checkWidth);
      if (element !== null && left < element.scrollLeft + checkWidth + (columns[0]?.width ?? 0)) element.scrollLeft = 0;
      if (element !== null && left + (columns[next]?.width ?? 0) > element.scrollLeft + element.clientWidth)
        element.scrollLeft = left + (columns[next]?.width ?? 0) - element.clientWidth;
    } else if (event.key === " ") pick(row, event.shiftKey);
    else if (event.key === "Enter") open(rows[row] ?? 0);
    else if (event.key === "b") board.update({ baseline: baseline === id ? null : id }, "push");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const isAllSelected =
    rows.length > 0 && selection.size >= rows.length && rows.every((row) => selection.has(board.table.id(row)));
  const selectAll = () =>
    board.update({ selection: isAllSelected ? "" : idRanges(Array.from(rows, (row) => board.table.id(row))) }, "push");

  return html`<div
    ref=${scroller}
    class="grid"
    role="grid"
    tabindex="0"
    aria-label=${`Table of ${runsText(rows.length)}`}
    aria-rowcount=${rows.length + 1}
    aria-colcount=${columns.length + 1}
    aria-multiselectable="true"
    aria-activedescendant=${rows.length > 0 ? "active-cell" : undefined}
    onScroll=${(event: Event) => {
      if (!(event.currentTarget instanceof HTMLElement)) return;
      top.value = event.currentTarget.scrollTop;
      left.value = scrollStep * Math.round(event.currentTarget.scrollLeft / scrollStep);
    }}
    onKeyDown=${press}
  >
    <div class="grid-row grid-head" role="row" aria-rowindex="1" style=${{ gridTemplateColumns: template, width: `${width}px` }}>
      <span role="columnheader" aria-colindex="1" class="check">
        <input type="checkbox" tabindex="-1" aria-label="Select all runs that match" checked=${isAllSelected} onChange=${selectAll} />
      </span>
      ${columns.map(
        ({ name, title, unit, type, role }, place) => html`<span
          key=${name}
          role="columnheader"
          aria-colindex=${place + 2}
          class=${`${type === "number" ? "is-number" : ""} is-${role}`}
          aria-sort=${sort?.name === name ? (sort.isDescending ? "descending" : "ascending") : "none"}
        >
          <button type="button" tabindex="-1" onClick=${() => sortBy(name)} title=${`${title}${unit === undefined ? "" : `, ${unit}`} (${name}): sort`}>
            <span class="head-text">${title}${unit === undefined || unit === timeUnit ? "" : html` <small>${unit}</small>`}</span>
            <span aria-hidden="true" class="arrow">${sort?.name === name ? (sort.isDescending ? "↓" : "↑") : ""}</span>
          </button>
        </span>`,
      )}
    </div>
    <div class="grid-body" role="rowgroup" style=${{ height: `${rows.length * rowHeight}px`, width: `${width}px` }}>
      ${visible.map((row, index) => {
        const place = first + index;
        const id = board.table.id(row);
        const isSelected = selection.has(id);
        return html`<div
          key=${place}
          role="row"
          aria-rowindex=${place + 2}
          aria-selected=${isSelected}
          class=${`grid-row${isSelected ? " is-selected" : ""}${place === active.value.row ? " is-active" : ""}${row === baselineRow ? " is-baseline" : ""}`}
          style=${{ gridTemplateColumns: template, transform: `translateY(${place * rowHeight}px)` }}
          onClick=${() => {
            active.value = { ...active.value, row: place };
          }}
          onDblClick=${() => open(row)}
        >
          <span role="gridcell" aria-colindex="1" class="check">
            <input
              type="checkbox"
              tabindex="-1"
              aria-label=${`Select run ${id}`}
              checked=${isSelected}
              onClick=${(event: MouseEvent) => pick(place, event.shiftKey)}
            />
          </span>
          ${cells.map((column) =>
            gridCell({
              board,
              column,
              row,
              baselineRow,
              id: place === active.value.row && column.place === active.value.column ? "active-cell" : undefined,
              onOpen: open,
            }),
          )}
        </div>`;
      })}
    </div>
    ${!isLoaded && html`<${Message} kind="waiting">Reading columns …<//>`}
    ${isLoaded && rows.length === 0 && html`<${Message}>No run meets the filter.<//>`}
  </div>`;
}

/** Of more runs sorting takes longer than the eye waits; of the most it would hold up what one does meanwhile. */
const aheadRows = { fewest: 5000, most: 200_000 };

/** Between sorting by one column ahead and by the next, so that what one does meanwhile does not wait. */
const restMilliseconds = 30;

/** Sorts by each column before one asks for it. */
function useOrdersAhead(board: Board, orders: RowOrders, names: readonly string[], isLoaded: boolean): void {
  useEffect(() => {
    const { rows } = board.table;
    if (!isLoaded || rows < aheadRows.fewest || rows > aheadRows.most) return undefined;
    const left = [...names];
    const timer = setInterval(() => {
      const name = left.shift();
      if (name === undefined) clearInterval(timer);
      else orders.sorted(board.table, name);
    }, restMilliseconds);
    return () => clearInterval(timer);
  }, [board.table, isLoaded, names.join("\n")]);
}

/** All rows are sorted once for a column, and those that match are picked: a filter that is typed need not sort again. */
function rowsInOrder(board: Board, orders: RowOrders) {
  const sort = computed(() => JSON.stringify(board.state.value.sort));
  const sorted = computed(() => {
    board.version.value;
    sort.value;
    const by = board.state.peek().sort;
    if (by === null) return undefined;
    board.need([by.name]);
    return orders.sorted(board.table, by.name, by.isDescending);
  });
  return computed(() => {
    const rows = board.matching.value;
    return sorted.value === undefined ? rows : pickedRows(sorted.value, rows);
  });
}

interface CellProps {
  readonly board: Board;
  readonly column: PlacedColumn;
  readonly row: number;
  readonly baselineRow: number;
  /** Of the cell that the keyboard is at. */
  readonly id: string | undefined;
  readonly onOpen: (row: number) => void;
}

/** No component: a thousand of them would cost more than what they show. */
function gridCell({ board, column, row, baselineRow, id, onOpen }: CellProps) {
  const { name, type, role, direction, unit, place, start } = column;
  const cell = board.table.cell(name, row);
  const index = place + 2;
  const style = start === undefined ? undefined : { gridColumnStart: start };
  const text = columnText(cell, unit);
  const frame = `${type === "number" ? "is-number" : ""}${id === undefined ? "" : " is-active"}`;
  if (name === "id") {
    const run = board.table.id(row);
    return html`<span id=${id} role="gridcell" aria-colindex=${index} style=${style} class=${`${frame} is-id`}>
      <a
        href=${board.address({ view: "run", run })}
        tabindex="-1"
        onClick=${(event: MouseEvent) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          onOpen(row);
        }}
        >${text}</a
      >
    </span>`;
  }
  if (name === "status")
    return html`<span id=${id} role="gridcell" aria-colindex=${index} style=${style} class=${frame}>${statusMark(board, text)}</span>`;
  const base =
    baselineRow < 0 || baselineRow === row || role !== "result" ? Number.NaN : board.table.number(name, baselineRow);
  const difference = typeof cell === "number" ? cell - base : Number.NaN;
  const isBetter = direction !== undefined && (direction === "lower" ? difference < 0 : difference > 0);
  return html`<span id=${id} role="gridcell" aria-colindex=${index} style=${style} class=${frame} title=${cell === null ? undefined : String(cell)}>
    ${cell === null && board.table.hasCell(name, row) ? html`<span class="nothing" aria-label="none">–</span>` : text}
    ${!Number.isNaN(difference) && html`<small class=${difference === 0 || direction === undefined ? "" : isBetter ? "is-better" : "is-worse"}> ${differenceText(difference)}</small>`}
  </span>`;
}
