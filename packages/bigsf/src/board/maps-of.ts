/** What a board asks this package for, by the name `@ml-mosaic/bigsf/board`, where a database has runs of its classes. */
export { openDatabaseMaps as mapsOf } from "./database-maps.ts";
