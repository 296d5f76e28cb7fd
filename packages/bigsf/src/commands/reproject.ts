import { wholeText } from "@ml-mosaic/base";
import { command, interruptible, type Progress, pathText, startProgress } from "@ml-mosaic/command-line";
import { boolean, float, literal, path, schema, within } from "@ml-mosaic/configurable";
import { existingFile } from "../existing-file.ts";
import { shareText } from "../maps/map-tally.ts";
import { reproject } from "../maps/reproject.ts";
import { samplings } from "../maps/sampled.ts";

export const reprojectCommand = command({
  name: "reproject",
  summary:
    "Bring a FITS map onto the pixels of another by their coordinates, so that both can be channels of one model.",
  arguments: { map: schema(existingFile(), { help: "FITS map; map.fits[NAME] names an HDU" }) },
  options: {
    onto: schema(existingFile(), { words: "FILE", help: "the map whose pixels it gets" }),
    output: schema(path, { aliases: ["o"], words: "FILE", help: "file to write" }),
    method: schema(literal(...samplings), {
      help: "nearest: the pixel that a centre lies in, for masks; bilinear: between four pixels, for finer grids; conserving: the mean over a pixel's area, for coarser ones",
    }),
    beam: schema(within(float, { exclusiveMinimum: 0 }), {
      optional: true,
      words: "ARCSEC",
      help: "smooth the map to this full width at half maximum before, from the beam of its header",
    }),
    overwrite: schema(boolean, { help: "replace a file that exists" }),
  },
  examples: ["bigsf reproject temperature.fits --onto image.fits --method bilinear -o temperature-on-image.fits"],
  async run({ map, onto, output, method, beam, overwrite }, terminal) {
    let progress: Progress | undefined;
    const { pixels, known, note } = await interruptible((signal) =>
      reproject({
        map,
        onto,
        output,
        sampling: method,
        beam,
        overwrite,
        signal,
        onRows(done, total) {
          progress ??= startProgress(terminal, { title: "Reprojecting", unit: "rows", total });
          progress.update(done);
        },
      }),
    ).finally(() => progress?.end());
    terminal.out(
      `${pathText(output)}\n  known  ${wholeText(known)}  ${shareText(known, pixels)} of ${wholeText(pixels)} pixels\n${note === undefined ? "" : `  note: ${note}\n`}`,
    );
    return 0;
  },
});
