/** The layers of a run's ONNX model. */
import { html } from "htm/preact";
import type { ModelLayers, TensorShape } from "../../../wire/answers.ts";
import { Answered, useAnswer } from "../../parts/answer.ts";
import { wholeText } from "../../parts/number-text.ts";
import type { Board } from "../../state/board.ts";
import { PredictForm } from "./predict-form.ts";

export function ModelPanel({ board, id }: { readonly board: Board; readonly id: number }) {
  const answer = useAnswer(String(id), () => board.source.model(id));
  return html`<${Answered} answer=${answer} what="the model" show=${(model: ModelLayers) => html`${layerTable(model)}${board.experiment.value?.isLive === true && html`<${PredictForm} board=${board} id=${id} inputs=${model.inputs} />`}`} />`;
}

function layerTable({ inputs, outputs, layers }: ModelLayers) {
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  return html`<p class="note">
      ${`From ${inputs.map(shapeText).join(", ")} to ${outputs.map(shapeText).join(", ")}; ${wholeText(layers.length)} operators, ${wholeText(parameters)} parameters.`}
    </p>
    <div class="scrolling model" tabindex="0" role="region" aria-label="Layers">
      <table class="plain">
        <thead><tr><th scope="col">layer</th><th scope="col">operator</th><th scope="col">output</th><th scope="col">parameters</th></tr></thead>
        <tbody>
          ${layers.map(
            ({ name, operator, output, parameters: own }, index) => html`<tr key=${index}>
              <td>${name}</td><td>${operator}</td><td>${output}</td><td class="is-number">${own === 0 ? "" : wholeText(own)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

export function shapeText({ name, type, shape }: TensorShape): string {
  return `${name} (${type}, ${shape.join(" × ")})`;
}
