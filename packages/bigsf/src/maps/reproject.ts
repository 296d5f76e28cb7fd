import { basename } from "node:path";
import { createFits, getCard, getNumber, type Header, removeCards, setCard } from "@ml-mosaic/fits";
import { BigsfError } from "../errors.ts";
import { resultHeader } from "../segmentation/result-header.ts";
import { openPlane } from "./plane.ts";
import { resampledPlane } from "./resampled-plane.ts";
import type { Sampling } from "./sampled.ts";
import { secondsText, smoothedPlane } from "./smoothed-plane.ts";

export interface ReprojectOptions {
  readonly map: string;
  /** The map whose pixels it gets. */
  readonly onto: string;
  readonly sampling: Sampling;
  /** Full width at half maximum in arc seconds of the beam that the map is smoothed to before. */
  readonly beam?: number | undefined;
  readonly output: string;
  readonly overwrite: boolean;
  readonly onRows?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Reprojected {
  readonly pixels: number;
  /** Those that got a value. */
  readonly known: number;
  /** What whoever uses both maps together should know. */
  readonly note: string | undefined;
}

const rowsAtOnce = 256;

/** What a header says of the sky as it was observed, not of the pixels. */
const ofTheObservation = ["BMAJ", "BMIN", "BPA", "OBJECT", "TELESCOP", "INSTRUME", "RESTFRQ", "RESTFREQ", "RESTWAV"];

/**
 * Writes a map on the pixels of another, as float32, NaN where it has none of them. The file has the coordinates of the other, and
 * unit, beam and whatever else was observed of the map; it appears when it is whole; memory is that of some rows.
 *
 * @throws BigsfError `MAP` where the headers do not tell where they lie with respect to each other; FitsError
 */
export async function reproject(options: ReprojectOptions): Promise<Reprojected> {
  const { map: path, onto: other, sampling, beam, output, overwrite, onRows, signal } = options;
  await using resources = new AsyncDisposableStack();
  const [sharp, onto] = await Promise.all([openPlane(path), openPlane(other)]);
  for (const plane of [sharp, onto]) resources.defer(() => plane.close());
  const map = beam === undefined ? sharp : smoothedPlane(sharp, beam);
  const moved = resampledPlane(map, onto, sampling);
  if (moved === undefined)
    throw new BigsfError(
      "MAP",
      `${path} cannot be brought onto ${other}: both headers must have celestial coordinates that can be computed, or linear ones of the same names`,
    );
  const [height, width] = onto.shape;
  const history = [
    `${basename(path)} on the pixels of ${basename(other)}, ${sampling}${beam === undefined ? "" : `, smoothed to a beam of ${beam} arcsec`}`,
    `sha256 ${await sharp.digest()}`,
  ];
  const described = resultHeader(onto.header, { meaning: "reprojected", history });
  const header = takeCards(removeCards(described, ...ofTheObservation), map.header, ["BUNIT", ...ofTheObservation]);
  const writer = resources.use(await createFits(output, { overwrite }));
  const rows = await writer.startImage({ shape: onto.imageShape, type: "float32", header });
  let known = 0;
  for (let y = 0; y < height; y += rowsAtOnce) {
    signal?.throwIfAborted();
    const end = Math.min(height, y + rowsAtOnce);
    const values = Float32Array.from(await moved.section(y, end, 0, width));
    for (const value of values) if (Number.isFinite(value)) known++;
    await rows.write(values);
    onRows?.(end, height);
  }
  await rows.end();
  await writer.close();
  return { pixels: height * width, known, note: beamNote(map.header, onto.header) };
}

/** Channels of one model should show the sky through one beam. */
function beamNote(map: Header, onto: Header): string | undefined {
  const [own, other] = [getNumber(map, "BMAJ"), getNumber(onto, "BMAJ")];
  if (own === undefined || other === undefined || Math.abs(own / other - 1) < 0.01) return undefined;
  const [seen, wanted] = [own, other].map((degrees) => secondsText(3600 * degrees));
  const remedy =
    own < other
      ? `--beam ${Number((3600 * other).toPrecision(6))} smooths it to that`
      : "smooth that one to it with --beam";
  return `its beam is ${seen} wide, that of the map whose pixels it got ${wanted}; ${remedy}`;
}

function takeCards(header: Header, from: Header, keywords: readonly string[]): Header {
  return keywords.reduce((made, keyword) => {
    const { value, comment } = getCard(from, keyword) ?? {};
    return value === undefined || value === null ? made : setCard(made, keyword, value, comment);
  }, header);
}
