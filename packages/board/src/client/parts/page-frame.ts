/** What is around every view: the experiment's name, the way to the views, the state of the connection. */
import { signal } from "@preact/signals";
import { html } from "htm/preact";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Board } from "../state/board.ts";
import { type ViewName, viewNames } from "../state/page-state.ts";
import { Choice } from "./choice.ts";
import { FilterBar } from "./filter-bar.ts";

export const viewTitles: Readonly<Record<ViewName, string>> = {
  overview: "Overview",
  runs: "Runs",
  curves: "Curves",
  verdicts: "Verdicts",
  space: "Space",
  scatter: "Scatter",
  failures: "Failures",
  run: "Run",
  maps: "Maps",
};

const schemes = ["auto", "light", "dark"] as const;

/** The colours of the page: the system's, or one's own choice. */
export const scheme = signal<(typeof schemes)[number]>(storedScheme());

function storedScheme() {
  try {
    return schemes.find((each) => each === localStorage.getItem("mosaic-scheme")) ?? "auto";
  } catch {
    // A page from disk may have no storage.
    return "auto";
  }
}

export function chooseScheme(next: (typeof schemes)[number]): void {
  scheme.value = next;
  document.documentElement.dataset.scheme = next;
  try {
    localStorage.setItem("mosaic-scheme", next);
  } catch {
    // Then the choice lasts as long as the page.
  }
}

export function PageFrame({ board, children }: { readonly board: Board; readonly children?: ComponentChildren }) {
  const view = board.view.value;
  const experiment = board.experiment.value;
  const shows = experiment?.shows ?? ["runs"];
  const shown = viewNames.filter((name) =>
    name === "maps" ? shows.includes("maps") : shows.includes("runs") && (name !== "run" || view === "run"),
  );
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where there is no room for all of them, the names of views are scrolled sideways.
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [view, experiment === undefined]);
  const next = schemes[(schemes.indexOf(scheme.value) + 1) % schemes.length] ?? "auto";
  return html`<div class="page">
    <a class="skip" href="#view" onClick=${skipToView}>Skip to the view</a>
    <header class="head">
      <p class="title"><span class="mark" aria-hidden="true"></span><span>${experiment?.title ?? "Mosaic"}</span></p>
      <${DatabaseChoice} databases=${experiment?.databases ?? []} />
      <nav ref=${nav} aria-label="Views">
        ${shown.map(
          (name) => html`<a
            key=${name}
            href=${board.address({ view: name })}
            aria-current=${name === view ? "page" : undefined}
            onClick=${(event: MouseEvent) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return;
              event.preventDefault();
              board.update({ view: name }, "push");
            }}
            >${viewTitles[name]}</a
          >`,
        )}
      </nav>
      <${ConnectionState} board=${board} />
      <button type="button" class="quiet" onClick=${() => chooseScheme(next)} title=${`Colours: ${scheme.value}. Press for ${next}.`}>
        ${{ auto: "Auto", light: "Light", dark: "Dark" }[scheme.value]}<span class="unseen"> colours</span>
      </button>
    </header>
    ${experiment !== undefined && view !== "run" && view !== "maps" && html`<${FilterBar} board=${board} />`}
    ${experiment?.notices.map((notice) => html`<p key=${notice} class="notice">${notice}</p>`)}
    ${experiment?.exportNote && html`<p class="notice">${experiment.exportNote}</p>`}
    <main id="view" tabindex="-1" class=${`view view-${view}`}>
      <h1 class="unseen">${viewTitles[view]}</h1>
      ${children}
    </main>
  </div>`;
}

function skipToView(event: Event): void {
  event.preventDefault();
  document.getElementById("view")?.focus();
}

function ConnectionState({ board }: { readonly board: Board }) {
  const experiment = board.experiment.value;
  const { isConnected, reason } = board.connection.value;
  if (experiment === undefined) return null;
  if (!experiment.isLive) return html`<p class="connection">Export</p>`;
  if (isConnected) return html`<p class="connection is-live" role="status">Live</p>`;
  return html`<p class="connection is-lost" role="alert">
    ${reason ?? "Disconnected: what you see is as it was. Looking for the board …"}
  </p>`;
}

/** Each database has the same page, the first at the board's own address and the others in folders below it. */
function DatabaseChoice({ databases }: { readonly databases: readonly string[] }) {
  if (databases.length < 2) return null;
  const [, written] = /\/d(\d+)\/$/.exec(location.pathname) ?? [];
  const top = written === undefined ? "./" : "../";
  return html`<${Choice}
    label="Show"
    value=${written ?? "0"}
    options=${databases.map((path, place) => ({ value: String(place), text: path.split("/").at(-1) ?? path }))}
    onChoose=${(place: string) => location.assign(place === "0" ? top : `${top}d${place}/`)}
  />`;
}
