/** A labelled list to choose one from. */
import { html } from "htm/preact";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

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
  return html`<${Folded} class="many" label=${`${label}${values.length === 0 ? "" : ` (${values.length})`}`}>
    <div class="many-list">
      ${options.map(
        ({ value, text }) => html`<label key=${value}>
          <input type="checkbox" checked=${values.includes(value)} onChange=${() => toggle(value)} /> ${text}
        </label>`,
      )}
    </div>
  <//>`;
}

/** What is behind a button until it is pressed; closed again by Escape, and by whatever is done elsewhere. */
export function Folded({
  class: kind,
  label,
  children,
}: {
  readonly class: string;
  readonly label: string;
  readonly children?: ComponentChildren;
}) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const element = details.current;
      if (element?.open === true && event.target instanceof Node && !element.contains(event.target))
        element.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("focusin", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("focusin", close);
    };
  }, []);
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || details.current?.open !== true) return;
    details.current.open = false;
    details.current.querySelector("summary")?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<details ref=${details} class=${kind} onKeyDown=${press}><summary>${label}</summary>${children}</details>`;
}
