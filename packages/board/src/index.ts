/** What `mosaic board` loads by name, all of a `BoardPackage`; and what programs with maps of their own show them by. */
export { startBoardServer } from "./server/board-server.ts";
export { exportBoard } from "./server/export-board.ts";
export type { MapSource } from "./server/map-source.ts";
export type { MapInfo, MapPlane, MapsInfo, Scores } from "./wire/maps.ts";
