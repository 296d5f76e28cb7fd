/** Vitest runs this beside each file of tests, also where several share a process. */
import { afterAll } from "vitest";
import { endPrograms } from "./start-program.ts";
import { removeTemporaryFolders } from "./temporary-folder.ts";

afterAll(() => {
  endPrograms();
  removeTemporaryFolders();
});
