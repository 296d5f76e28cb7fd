/** A form that runs the run's model: on numbers that are typed in, or on a sample that it was evaluated on. */
import { html } from "htm/preact";
import { useState } from "preact/hooks";
import type { TensorShape } from "../../../wire/answers.ts";
import type { NamedValues, Prediction } from "../../../wire/prediction.ts";
import { numberText, wholeText } from "../../parts/number-text.ts";
import { type Board, messageOf } from "../../state/board.ts";

interface Asked {
  readonly prediction?: Prediction;
  readonly problem?: string;
  readonly isWaiting?: boolean;
}

export function PredictForm({
  board,
  id,
  inputs,
}: {
  readonly board: Board;
  readonly id: number;
  readonly inputs: readonly TensorShape[];
}) {
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [sample, setSample] = useState("0");
  const [asked, setAsked] = useState<Asked>({});
  const ask = async (fields: Readonly<Record<string, string>>) => {
    setAsked({ isWaiting: true });
    try {
      const prediction = await board.source.predict(id, fields);
      setAsked({ prediction });
      // What was taken is there to be changed.
      if ("sample" in fields)
        setTexts(Object.fromEntries(prediction.inputs.map((input) => [input.name, typed(input)])));
    } catch (error) {
      setAsked({ problem: messageOf(error) });
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void ask(Object.fromEntries(inputs.map(({ name }) => [`input.${name}`, texts[name] ?? ""])));
  };
  const { prediction, problem, isWaiting = false } = asked;
  return html`<h4>What it says of values</h4>
    <form class="predict" onSubmit=${submit}>
      ${inputs.map(
        ({ name, type, shape }) => html`<label key=${name}>
          <span>${name} <small>${type}, ${shape.join(" × ")}</small></span>
          <textarea
            rows="2"
            spellcheck=${false}
            placeholder=${placeholderFor(shape)}
            value=${texts[name] ?? ""}
            onInput=${(event: Event) =>
              event.currentTarget instanceof HTMLTextAreaElement &&
              setTexts({ ...texts, [name]: event.currentTarget.value })}
          ></textarea>
        </label>`,
      )}
      <p class="tools">
        <button type="submit" disabled=${isWaiting}>Run the model</button>
        <label class="choice">
          <span>or on sample</span>
          <input
            type="number"
            min="0"
            value=${sample}
            onInput=${(event: Event) =>
              event.currentTarget instanceof HTMLInputElement && setSample(event.currentTarget.value)}
          />
        </label>
        <button type="button" disabled=${isWaiting} onClick=${() => ask({ sample })}>Take it from the evaluation data</button>
      </p>
    </form>
    ${isWaiting && html`<p class="note" role="status">Running the model …</p>`}
    ${problem !== undefined && html`<p class="fault" role="alert">${problem}</p>`}
    ${prediction !== undefined && html`<${Said} prediction=${prediction} />`}`;
}

function Said({ prediction: { outputs, target } }: { readonly prediction: Prediction }) {
  const all = target === null ? outputs : [...outputs, target];
  return html`<dl class="facts prediction" role="status">
    ${all.map(
      (each) => html`<dt key=${each.name}>${each.name} <small>${each.shape.join(" × ")}</small></dt>
        <dd>${rowsOf(each).map((row, index) => html`<div key=${index} data-value=${row.join(" ")}>${row.map((value) => (typeof value === "number" ? numberText(value) : value)).join("  ")}</div>`)}${each.count > each.values.length ? html`<div>and ${wholeText(each.count - each.values.length)} more</div>` : ""}</dd>`,
    )}
  </dl>`;
}

/** A line for each sample. */
function rowsOf({ shape, values }: NamedValues): readonly (readonly (number | string)[])[] {
  const size = Math.max(
    1,
    shape.slice(1).reduce((product, length) => product * length, 1),
  );
  return Array.from({ length: Math.ceil(values.length / size) }, (_, row) =>
    values.slice(row * size, (row + 1) * size),
  );
}

function typed(input: NamedValues): string {
  return rowsOf(input)
    .map((row) => row.join(" "))
    .join("\n");
}

function placeholderFor(shape: TensorShape["shape"]): string {
  const size = shape.reduce((product: number, length) => product * (typeof length === "number" ? length : 1), 1);
  return `${wholeText(size)} ${size === 1 ? "number" : "numbers"}${shape.some((length) => typeof length === "string") ? " a sample, the next sample on the next line" : ""}`;
}
