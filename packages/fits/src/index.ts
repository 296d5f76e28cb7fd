export { addToChecksum, type ChecksumReport, type ChecksumVerdict, encodeChecksum } from "./checksum.ts";
export { FitsError, type FitsErrorCode, type Place } from "./fits-error.ts";
export { FitsFile, type Hdu } from "./fits-file.ts";
export type { Extent, HduBase, OtherHdu } from "./hdu.ts";
export type { Card, CardValue, Complex } from "./header/card.ts";
export { formatCard, formatCommentary } from "./header/format-card.ts";
export {
  addCommentary,
  emptyHeader,
  getBoolean,
  getCard,
  getCommentary,
  getInteger,
  getNumber,
  getString,
  getValue,
  type Header,
  makeHeader,
  removeCards,
  setCard,
} from "./header/header.ts";
export { formatHeader, parseHeader } from "./header/header-bytes.ts";
export { parseCard } from "./header/parse-card.ts";
export type { Compression, ImageHdu, RowBlock } from "./image/image-hdu.ts";
export type { Bitpix, PixelArray, Pixels, PixelType, StoredArray } from "./image/pixel-types.ts";
export type { Range } from "./image/region.ts";
export type { ByteSource } from "./io/byte-source.ts";
export { type OpenOptions, openFits } from "./open-fits.ts";
export type { Column } from "./table/column.ts";
export type { ColumnValues } from "./table/column-values.ts";
export type { RowsOptions, TableBlock, TableHdu } from "./table/table-hdu.ts";
export {
  type CelestialWcs,
  type PixelPoints,
  type PixelStep,
  readCelestialWcs,
  type SkyPoints,
} from "./wcs/celestial.ts";
export { type LinearWcs, readLinearWcs } from "./wcs/linear-wcs.ts";
export { type SkyFrame, skyFrame } from "./wcs/sky-frame.ts";
export type { CompressionRequest } from "./write/compression-plan.ts";
export {
  createFits,
  FitsWriter,
  type ImageDescription,
  type TableDescription,
  type WriterOptions,
} from "./write/fits-writer.ts";
export type { ImageRows } from "./write/image-rows.ts";
export type { TableColumn } from "./write/table-columns.ts";
