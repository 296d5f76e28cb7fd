/** A labelled list to choose one from. */
import { html } from "htm/preact";

export interface ChoiceOption {
  readonly value: string;
  readonly text: string;
}

export function Choice({
  label,
  value,
  options,
  onChoose,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly ChoiceOption[];
  readonly onChoose: (value: string) => void;
}) {
  const choose = (event: Event) => {
    if (event.currentTarget instanceof HTMLSelectElement) onChoose(event.currentTarget.value);
  };
  return html`<label class="choice">
    <span>${label}</span>
    <select value=${value} onChange=${choose}>
      ${options.map((option) => html`<option key=${option.value} value=${option.value} selected=${option.value === value}>${option.text}</option>`)}
    </select>
  </label>`;
}

/** A switch: pressed or not. */
export function Toggle({
  label,
  isOn,
  onToggle,
}: {
  readonly label: string;
  readonly isOn: boolean;
  readonly onToggle: (isOn: boolean) => void;
}) {
  return html`<button type="button" class="toggle" aria-pressed=${isOn} onClick=${() => onToggle(!isOn)}>${label}</button>`;
}

/** Several of a list, behind a button. */
export function ManyChoice({
  label,
  values,
  options,
  onChoose,
}: {
  readonly label: string;
  readonly values: readonly string[];
  readonly options: readonly ChoiceOption[];
  readonly onChoose: (values: readonly string[]) => void;
}) {
  const toggle = (value: string) =>
    onChoose(values.includes(value) ? values.filter((each) => each !== value) : [...values, value]);
  return html`<details class="many">
    <summary>${label}${values.length === 0 ? "" : ` (${values.length})`}</summary>
    <div class="many-list">
      ${options.map(
        ({ value, text }) => html`<label key=${value}>
          <input type="checkbox" checked=${values.includes(value)} onChange=${() => toggle(value)} /> ${text}
        </label>`,
      )}
    </div>
  </details>`;
}
