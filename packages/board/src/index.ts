export { type BoardServer, startBoardServer } from "./server/board-server.ts";
