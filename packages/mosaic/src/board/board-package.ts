/** What this package asks of the one that serves the page; it is loaded by name, since it is built on this one. */
import { MosaicError } from "../errors.ts";

export interface BoardOrder {
  readonly action: string;
  /** Such as `1-3,7`; of `rerun` alone. */
  readonly ids: string;
  readonly database: string;
}

/** What an order would do, or has done, in words. */
export interface OrderPlan {
  readonly text: string;
  readonly isPossible: boolean;
}

/** What the page may order. */
export interface BoardControls {
  plan(order: BoardOrder): Promise<OrderPlan>;
  carryOut(order: BoardOrder): Promise<OrderPlan>;
}

export interface BoardSettings {
  readonly databases: readonly string[];
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Names under which the page may be asked for besides the machine's own. */
  readonly allowHosts: readonly string[];
  readonly hasToken: boolean;
  /** Absent where the page may change nothing. */
  readonly controls?: BoardControls;
}

export interface BoardServer {
  /** To be opened in a browser; with the token. */
  readonly address: string;
  close(): Promise<void>;
}

export interface BoardPackage {
  startBoardServer(settings: BoardSettings): Promise<BoardServer>;
  /** Writes all that is not live into one file; returns its size in bytes, and what was left out. */
  exportBoard(database: string, file: string): Promise<{ readonly bytes: number; readonly notes: readonly string[] }>;
}

const packageName = "@ml-mosaic/board";

export async function loadBoard(): Promise<BoardPackage> {
  try {
    return await import(packageName);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes(packageName)) throw error;
    throw new MosaicError("NO_BOARD", `the package ${packageName} is missing: npm install ${packageName}`, {
      cause: error,
    });
  }
}
