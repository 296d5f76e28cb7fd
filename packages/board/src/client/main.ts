/** The page's own program: draws into the element that the server's page leaves for it. */
import { html } from "htm/preact";
import { render } from "preact";
import { embeddedSource, hasEmbeddedData } from "./data/embedded-source.ts";
import { serverSource } from "./data/server-source.ts";
import { registerColors } from "./marks/theme.ts";
import { Message } from "./parts/answer.ts";
import { chooseScheme, PageFrame, scheme, viewTitles } from "./parts/page-frame.ts";
import { listenToKeys, Shortcuts } from "./parts/shortcuts.ts";
import { Board } from "./state/board.ts";
import { views } from "./views/views.ts";

const board = new Board(hasEmbeddedData() ? embeddedSource() : serverSource());

function Page() {
  const view = board.view.value;
  const experiment = board.experiment.value;
  const failure = board.failure.value;
  const title = experiment?.title ?? "Mosaic";
  document.title = `${viewTitles[view]} · ${title}`;
  if (experiment === undefined)
    return html`<${PageFrame} board=${board}>
      ${
        failure === undefined
          ? html`<${Message} kind="waiting">Reading the experiment …<//>`
          : html`<${Message} kind="problem">${failure}<//>`
      }
    <//>`;
  return html`<${PageFrame} board=${board}><${views[view]} board=${board} /><//><${Shortcuts} />`;
}

const root = document.getElementById("board");
if (root !== null) {
  registerColors();
  chooseScheme(scheme.peek());
  render(html`<${Page} />`, root);
  listenToKeys(board);
  await board.start();
}
