/** The page's own program: draws into the element that the server's page leaves for it. */
import { signal } from "@preact/signals";
import { html } from "htm/preact";
import { render } from "preact";
import uPlot from "uplot";

const greeting = signal(`The board draws lines with uPlot ${typeof uPlot}.`);
const root = document.getElementById("board");
if (root !== null) render(html`<p>${greeting}</p>`, root);
