/** What `mosaic board` loads by name: all of a `BoardPackage`. */
export { startBoardServer } from "./server/board-server.ts";
export { exportBoard } from "./server/export-board.ts";
