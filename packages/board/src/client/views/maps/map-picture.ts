import { html } from "htm/preact";
import { useMemo, useRef } from "preact/hooks";
import type { MapInfo, MapPlane } from "../../../wire/maps.ts";
import { cellAt, drawMap, mapImage, mapLayout } from "../../marks/map-cells.ts";
import { Picture, type Pointer, type Surface } from "../../marks/picture.ts";
import { rampGradient } from "../../marks/theme.ts";
import { numberText, wholeText } from "../../parts/number-text.ts";

const tallest = 640;
/** Of the page around it, before the canvas has told its own. */
const margin = 40;

export function MapPicture({ info, plane }: { readonly info: MapInfo; readonly plane: MapPlane }) {
  const { height, width, factor, range, outlined, classes, areas, values, columns } = plane;
  const room = Math.max(200, document.documentElement.clientWidth - margin);
  const layout = useMemo(() => mapLayout(plane, room, tallest), [plane, room]);
  const images = useRef<
    { readonly isDark: boolean; readonly plane: MapPlane; readonly image: OffscreenCanvas } | undefined
  >(undefined);
  const draw = (surface: Surface) => {
    const { isDark } = surface.theme;
    if (images.current?.plane !== plane || images.current.isDark !== isDark)
      images.current = { isDark, plane, image: mapImage(plane, surface.theme) };
    drawMap(surface, plane, images.current.image, layout);
  };
  const tipAt = ({ x, y }: Pointer) => {
    const cell = cellAt(plane, layout, x, y);
    if (cell === undefined) return undefined;
    const at = cell.row * columns + cell.column;
    const value = values[at] ?? Number.NaN;
    const area = classes[(areas[at] ?? 0) - 1];
    return {
      x,
      y,
      text: [
        ...cellLines(cell, factor),
        `${info.quantity} ${Number.isNaN(value) ? "none" : numberText(value)}`,
        ...(area === undefined ? [] : [area.label]),
      ].join("\n"),
    };
  };
  return html`<section class="panel is-wide">
    <h2>${info.title}</h2>
    <p class="note">${info.note}</p>
    <div class="wide-picture" tabindex="0" role="region" aria-label="Map, which may be wider than the page">
      <div style=${{ width: `${layout.width}px` }}>
        <${Picture}
          height=${layout.height}
          label=${`${info.title}: ${wholeText(width)} × ${wholeText(height)} pixels${outlined === "" ? "" : `, outlined ${outlined}`}${classes.length === 0 ? "" : `, coloured by ${classes.map(({ label }) => label).join(", ")}`}`}
          drawn=${[plane, layout]}
          draw=${draw}
          tipAt=${tipAt}
        />
      </div>
    </div>
    ${
      classes.length > 0
        ? html`<ul class="legend" aria-label="Areas">
            ${classes.map(({ label, colour }) => html`<li key=${label}><span class="swatch is-point" style=${{ background: colour }} aria-hidden="true"></span>${label}</li>`)}
          </ul>`
        : html`<p class="ramp-line">
            <span class="note">${info.quantity}</span> ${numberText(range[0])} <span class="ramp" style=${{ background: rampGradient }} aria-hidden="true"></span> ${numberText(range[1])}
          </p>`
    }
    <p class="note">
      ${wholeText(width)} × ${wholeText(height)} pixels${factor > 1 ? `, of which a cell is the mean of ${factor} × ${factor}` : ""}, the first row at the
      bottom.${outlined === "" ? "" : ` Outlined: ${outlined}.`} Grey has no value.
    </p>
  </section>`;
}

function cellLines({ row, column }: { readonly row: number; readonly column: number }, factor: number) {
  const span = (cell: number) => (factor === 1 ? String(cell) : `${cell * factor}–${(cell + 1) * factor - 1}`);
  return [`column ${span(column)}, row ${span(row)}`];
}
