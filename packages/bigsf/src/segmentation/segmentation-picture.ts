import { getString, type Header } from "@ml-mosaic/fits";
import { drawMap } from "../pictures/draw-map.ts";
import { insideCells } from "../pictures/inside-cells.ts";
import { startPreview } from "../pictures/preview.ts";
import { quantityText } from "../pictures/quantity.ts";
import type { SegmentedRows } from "./segment-rows.ts";

export interface SegmentationPictureOptions {
  readonly mapShape: readonly [height: number, width: number];
  readonly header: Header;
  readonly title: string;
  readonly threshold: number;
  /** A sentence under the picture. */
  readonly note: string | undefined;
}

/** Takes rows as they come; memory is that of the picture. */
export interface SegmentationPicture {
  add(rows: SegmentedRows, mask: Uint8Array): void;
  /** @returns PNG */
  draw(subtitle: string): Promise<Uint8Array>;
}

/** A map with the outlines of its mask over it; a cell of a map that is drawn smaller is inside if one pixel of it is. */
export function startSegmentationPicture(options: SegmentationPictureOptions): SegmentationPicture {
  const { mapShape, header, title, threshold, note } = options;
  const preview = startPreview(mapShape);
  const inside = insideCells(preview.layout, mapShape);
  return {
    add({ firstRow, values }, mask) {
      preview.add(firstRow, values);
      inside.add(firstRow, mask);
    },
    draw: (subtitle) =>
      drawMap({
        preview: preview.finish(),
        header,
        title,
        subtitle,
        note,
        colours: "inferno",
        quantity: quantityText(getString(header, "BUNIT")),
        overlays: [
          {
            kind: "outline",
            cells: inside.cells,
            label: `probability of a filament above ${threshold}`,
            colour: "#56b4e9",
            width: 1.5,
          },
        ],
      }),
  };
}
