/** Maps of another program: areas by fold, probabilities with what they should be, and scores of each part held out. */
import { html } from "htm/preact";
import type { MapInfo, MapsInfo } from "../../../wire/maps.ts";
import { Answered, Message, useAnswer } from "../../parts/answer.ts";
import { Choice } from "../../parts/choice.ts";
import type { Board } from "../../state/board.ts";
import { MapPicture } from "./map-picture.ts";
import { ScoresPanel } from "./scores-panel.ts";

export function MapsView({ board }: { readonly board: Board }) {
  const revision = board.experiment.value?.cursor ?? "";
  // Of a database there are more of them as runs end.
  const answer = useAnswer(revision, () => board.source.maps(), board.slowVersion.value);
  const show = ({ maps, scores, notes }: MapsInfo) => {
    const { map } = board.state.value;
    const shown = maps.find(({ id }) => id === map) ?? maps[0];
    return html`${notes.map((note) => html`<p key=${note} class="notice">${note}</p>`)}
      ${
        shown === undefined
          ? html`<${Message}>There is no map yet. What a cross-validation predicts appears here when its last model is trained.<//>`
          : html`<div class="tools">
                <${Choice}
                  label="Map"
                  value=${shown.id}
                  options=${maps.map(({ id, title }) => ({ value: id, text: title }))}
                  onChoose=${(id: string) => board.update({ map: id }, "push")}
                />
              </div>
              <div class="panels">
                <${ShownMap} board=${board} info=${shown} revision=${revision} />
                ${scores !== null && html`<${ScoresPanel} board=${board} scores=${scores} />`}
              </div>`
      }`;
  };
  return html`<${Answered} answer=${answer} what="the maps" show=${show} />`;
}

function ShownMap({
  board,
  info,
  revision,
}: {
  readonly board: Board;
  readonly info: MapInfo;
  readonly revision: string;
}) {
  const answer = useAnswer(JSON.stringify([info, revision]), async () => ({
    info,
    plane: await board.source.map(info.id),
  }));
  return html`<${Answered}
    answer=${answer}
    what="the map"
    show=${({ info: of, plane }: { readonly info: MapInfo; readonly plane: Parameters<typeof MapPicture>[0]["plane"] }) => html`<${MapPicture} info=${of} plane=${plane} />`}
  />`;
}
