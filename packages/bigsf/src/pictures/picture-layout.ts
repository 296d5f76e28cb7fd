/** How large a map is drawn, and in how many panels. */

export interface PictureLayout {
  /** Map pixels along each side of a cell, the smallest square that is drawn. */
  readonly factor: number;
  /** Size of the map in cells. */
  readonly rows: number;
  readonly columns: number;
  /** Dots along each side of a cell. */
  readonly zoom: number;
  /** A long map is cut into panels, from left to right, that are drawn one below the other. */
  readonly panels: number;
  readonly panelColumns: number;
}

const MAX_WIDTH = 1500;
const MAX_HEIGHT = 1100;
const WIDEST_PANEL = 4;
const MOST_PANELS = 8;

/** @param mapShape height and width in pixels */
export function layOutPicture([height, width]: readonly [height: number, width: number]): PictureLayout {
  const panels = Math.min(MOST_PANELS, Math.max(1, Math.ceil(width / height / WIDEST_PANEL)));
  const panelWidth = Math.ceil(width / panels);
  const factor = Math.max(1, Math.ceil(panelWidth / MAX_WIDTH), Math.ceil(height / MAX_HEIGHT));
  const rows = Math.ceil(height / factor);
  const columns = Math.ceil(width / factor);
  const panelColumns = Math.ceil(columns / panels);
  const zoom = Math.max(1, Math.floor(Math.min(MAX_WIDTH / panelColumns, MAX_HEIGHT / rows)));
  return { factor, rows, columns, zoom, panels, panelColumns };
}
